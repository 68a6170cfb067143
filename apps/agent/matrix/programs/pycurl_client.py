"""libcurl with GnuTLS, by python3-pycurl. Standard input: a plan of requests; standard output: what was received of each."""

import json
import sys

import pycurl

plan = json.load(sys.stdin)
handle = pycurl.Curl()
answers = []
for request in plan["requests"]:
    answer = {"path": request["path"], "status": None, "received": 0}
    answers.append(answer)

    def write(data):
        answer["received"] += len(data)

    left = request["upload"]

    def read(size):
        global left
        taken = min(size, left)
        left -= taken
        return b"p" * taken

    handle.reset()
    handle.setopt(pycurl.URL, plan["base"] + request["path"])
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_0 if plan["http10"] else pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.SSL_VERIFYPEER, 0)
    handle.setopt(pycurl.SSL_VERIFYHOST, 0)
    handle.setopt(pycurl.WRITEFUNCTION, write)
    headers = []
    if request["method"] == "HEAD":
        handle.setopt(pycurl.NOBODY, 1)
    elif left > 0:
        handle.setopt(pycurl.UPLOAD, 1)
        handle.setopt(pycurl.READFUNCTION, read)
        headers.append("Expect: 100-continue" if request["expect"] else "Expect:")
        if request["chunked"]:
            headers.append("Transfer-Encoding: chunked")
        else:
            handle.setopt(pycurl.INFILESIZE, left)
        handle.setopt(pycurl.CUSTOMREQUEST, request["method"])
    handle.setopt(pycurl.HTTPHEADER, headers)
    try:
        handle.perform()
    except pycurl.error:
        answer["cut"] = True
    answer["status"] = handle.getinfo(pycurl.RESPONSE_CODE)
print(json.dumps(answers))
