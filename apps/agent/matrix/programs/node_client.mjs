/** node:http and node:https. Standard input: a plan of requests; standard output: what was received of each. JavaScript, as Node 20 runs it. */
import { readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { Readable } from "node:stream";

const { base, requests } = JSON.parse(readFileSync(0, "utf8"));
const { Agent, request } = base.startsWith("https") ? https : http;
const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });

function* pieces(length, each) {
	for (let left = length; left > 0; left -= each) yield Buffer.alloc(Math.min(left, each), "n");
}

function call({ method, path, upload, chunked, expect }) {
	const answer = { path, status: null, received: 0 };
	const headers = {};
	if (upload > 0 && !chunked) headers["Content-Length"] = upload;
	if (expect) headers["Expect"] = "100-continue";
	return new Promise((resolve) => {
		const outgoing = request(`${base}${path}`, { method, agent, headers }, (response) => {
			answer.status = response.statusCode;
			response.on("data", (data) => {
				answer.received += data.length;
			});
			response.on("close", () => resolve(response.complete ? answer : { ...answer, cut: true }));
			response.on("error", () => {});
		});
		outgoing.on("error", () => resolve({ ...answer, cut: true }));
		const send = () => Readable.from(pieces(upload, chunked ? 777 : 65536)).pipe(outgoing);
		if (expect) outgoing.on("continue", send).flushHeaders();
		else if (upload > 0) send();
		else outgoing.end();
	});
}

const answers = [];
for (const each of requests) answers.push(await call(each));
agent.destroy();
console.log(JSON.stringify(answers));
