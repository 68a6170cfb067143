/** The demo's server: answers until its parent's pipe closes. Only Node's own modules: it runs as a process of its own. */
import { createServer } from "node:http";
import process from "node:process";

const server = createServer((request, response) => {
	request.resume();
	request.on("end", () => {
		if (request.url?.startsWith("/missing")) {
			response.writeHead(404, { "content-type": "text/plain" }).end("no such page\n");
		} else if (request.url?.startsWith("/stream")) {
			response.writeHead(200, { "content-type": "text/plain" });
			for (let line = 1; line <= 5; line++) response.write(`line ${line} of a chunked body\n`);
			response.end();
		} else {
			response.writeHead(request.method === "POST" ? 201 : 200, { "content-type": "application/json" });
			response.end(request.method === "HEAD" ? undefined : `{"path":${JSON.stringify(request.url)}}\n`);
		}
	});
});
server.listen(0, "127.0.0.1", () => {
	const address = server.address();
	process.stdout.write(`${typeof address === "object" && address ? address.port : 0}\n`);
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
