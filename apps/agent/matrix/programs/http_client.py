"""Python's http.client. Standard input: a plan of requests; standard output: what was received of each."""

import http.client
import json
import ssl
import sys
from urllib.parse import urlsplit

plan = json.load(sys.stdin)
base = urlsplit(plan["base"])
if base.scheme == "https":
    connection = http.client.HTTPSConnection(base.netloc, context=ssl._create_unverified_context())
else:
    connection = http.client.HTTPConnection(base.netloc)


def body_of(request):
    if request["chunked"]:
        return (b"h" * 777 for _ in range(0, request["upload"], 777))
    return b"h" * request["upload"] if request["upload"] else None


answers = []
for request in plan["requests"]:
    answer = {"path": request["path"], "status": None, "received": 0}
    answers.append(answer)
    connection.request(request["method"], request["path"], body=body_of(request), encode_chunked=request["chunked"])
    response = connection.getresponse()
    answer["status"] = response.status
    try:
        while data := response.read(65536):
            answer["received"] += len(data)
    except (OSError, http.client.HTTPException):
        answer["cut"] = True
print(json.dumps(answers))
