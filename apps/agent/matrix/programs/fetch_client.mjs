/** fetch and WebSocket of Node, Bun and Deno. Standard input: a plan of requests; standard output: what was received of each. */
import { readFileSync } from "node:fs";

const { base, requests } = JSON.parse(readFileSync(0, "utf8"));

function pieces(length) {
	let left = length;
	return new ReadableStream({
		pull(controller) {
			if (left <= 0) return controller.close();
			controller.enqueue(new Uint8Array(Math.min(left, 777)));
			left -= 777;
		},
	});
}

function bodyOf({ upload, chunked }) {
	if (upload === 0) return {};
	return chunked ? { body: pieces(upload), duplex: "half" } : { body: new Uint8Array(upload) };
}

async function call(request) {
	const answer = { path: request.path, status: null, received: 0 };
	try {
		const response = await fetch(`${base}${request.path}`, { method: request.method, ...bodyOf(request) });
		answer.status = response.status;
		if (response.body) for await (const data of response.body) answer.received += data.length;
	} catch {
		answer.cut = true;
	}
	return answer;
}

/** Sends ten messages, one after another, and takes their echoes. */
function socket({ path }) {
	const answer = { path, status: null, received: 0 };
	const message = new Uint8Array(1000).fill(71);
	return new Promise((resolve) => {
		const webSocket = new WebSocket(`${base.replace("http", "ws")}${path}`);
		webSocket.binaryType = "arraybuffer";
		webSocket.onopen = () => {
			answer.status = 101;
			webSocket.send(message);
		};
		let echoes = 0;
		webSocket.onmessage = () => {
			if (++echoes < 10) webSocket.send(message);
			else webSocket.close();
		};
		webSocket.onclose = () => resolve(answer);
		webSocket.onerror = () => {};
	});
}

const answers = [];
for (const each of requests) answers.push(await (each.path.includes("ws=1") ? socket(each) : call(each)));
console.log(JSON.stringify(answers));
