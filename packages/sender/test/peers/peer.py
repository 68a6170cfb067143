# See README.md.
import json
import sys
import threading
import time
from concurrent import futures

import grpc

options = dict(argument.split("=", 1) for argument in sys.argv[1:])
codes = {code.value[0]: code for code in grpc.StatusCode}
seen = set()
lock = threading.Lock()


def tell(line):
    with lock:
        print(line if isinstance(line, str) else json.dumps(line), flush=True)


def take(requests, context):
    metadata = dict(context.invocation_metadata())
    unit = metadata.get("wirescribe-unit", "")
    scenario, _, argument = metadata.get("scenario", "ok").partition(" ")
    with lock:
        again = unit in seen
        seen.add(unit)
    if again and scenario != "status":
        scenario = "ok" if scenario != "slow" else scenario
    if scenario == "early":
        context.abort(codes[int(argument)], "not now")
    tails = []
    for message in requests:
        tails.append(message[-8:].decode("latin-1"))
        if scenario == "slow":
            time.sleep(0.005)
    code = {"status": argument, "once": argument, "pushback": "14"}.get(scenario, "0")
    if scenario == "hang":
        ended = threading.Event()
        if context.add_callback(ended.set):
            ended.wait()
        return b""
    tell({"unit": unit, "code": int(code), "tails": tails})
    if scenario == "pushback":
        context.set_trailing_metadata((("grpc-retry-pushback-ms", "60"),))
    if code != "0":
        context.abort(codes[int(code)], "so be it")
    return b""


settings = []
if "concurrent" in options:
    settings.append(("grpc.max_concurrent_streams", int(options["concurrent"])))
if "age" in options:
    settings.append(("grpc.max_connection_age_ms", int(options["age"])))
server = grpc.server(futures.ThreadPoolExecutor(max_workers=32), options=settings)
handler = grpc.stream_unary_rpc_method_handler(take)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Sink", {"take": handler}),))
address = "127.0.0.1:" + options.get("port", "0")


def contents(name):
    with open(options[name], "rb") as file:
        return file.read()


if "cert" in options:
    ca = contents("ca") if "ca" in options else None
    pair = (contents("key"), contents("cert"))
    port = server.add_secure_port(address, grpc.ssl_server_credentials([pair], ca, ca is not None))
else:
    port = server.add_insecure_port(address)
server.start()
tell("listening %d" % port)
sys.stdin.read()
server.stop(0)
