/** The demo's client: a handful of requests a second over kept-alive connections, until its parent's pipe closes. */
import { Agent, request } from "node:http";
import process from "node:process";

const port = Number(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 2 });
const plan = [
	{ method: "GET", path: "/orders?customer=7&token=secret" },
	{ method: "POST", path: "/orders", body: '{"item":"coffee","count":2}' },
	{ method: "HEAD", path: "/orders/1" },
	{ method: "GET", path: "/stream" },
	{ method: "GET", path: "/missing" },
	{ method: "DELETE", path: "/orders/1" },
] as const;
let next = 0;

function send(): void {
	const { method, path, ...rest } = plan[next++ % plan.length] as (typeof plan)[number] & { body?: string };
	const outgoing = request({ host: "127.0.0.1", port, method, path, agent }, (response) => response.resume());
	outgoing.on("error", () => {});
	outgoing.end(rest.body);
}

const timer = setInterval(send, 250);
process.stdin.resume();
process.stdin.on("end", () => {
	clearInterval(timer);
	agent.destroy();
	process.exit(0);
});
