import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { Program } from "./servers.ts";

/** Where secrets are planted: a name for each place, and what can be searched for everywhere. */
export class Canaries {
	readonly #secrets = new Map<string, string>();

	/** The secret of a place: letters and digits that stand nowhere else. */
	at(place: string): string {
		const secret = this.#secrets.get(place) ?? `cnry${place}${randomBytes(8).toString("hex")}0z`;
		this.#secrets.set(place, secret);
		return secret;
	}

	/** The places whose secrets are in the bytes: as they are, or in Base64, wherever they began in it. */
	foundIn(bytes: Uint8Array): string[] {
		const text = Buffer.from(bytes);
		return [...this.#secrets]
			.filter(([, secret]) => formsOf(secret).some((form) => text.includes(form)))
			.map(([place]) => place)
			.sort();
	}

	get places(): string[] {
		return [...this.#secrets.keys()].sort();
	}
}

/** Base64 shows a text in three ways, by where in a group it begins; the ends of each depend on what is around. */
function formsOf(secret: string): string[] {
	const encoded = [0, 1, 2].map((offset) => {
		const text = Buffer.from("a".repeat(offset) + secret).toString("base64");
		return text.slice(offset === 0 ? 0 : 4, -4);
	});
	return [secret, ...encoded];
}

/** A server whose answers hold secrets of their own, given as JSON. */
const SERVER = `
const [json, ...files] = process.argv.slice(1);
const secrets = JSON.parse(json);
const [key, cert] = files.map((file) => require("node:fs").readFileSync(file));
const server = require(key ? "node:https" : "node:http").createServer({ key, cert }, (request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, secrets.reason, {
      "content-type": "application/json",
      "set-cookie": ["sid=" + secrets.setCookie + "; Path=/"],
      "x-auth-token": secrets.responseToken,
      "x-remark": secrets.responseHeader,
      "location": "/next?code=" + secrets.location,
    });
    response.end(JSON.stringify({ access_token: secrets.responseAccess, items: [{ remark: secrets.responseBody }] }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

const RESPONSE_PLACES = [
	"reason",
	"setCookie",
	"responseToken",
	"responseHeader",
	"location",
	"responseAccess",
	"responseBody",
];

/** With a certificate it speaks TLS. */
export async function startSecretServer(
	canaries: Canaries,
	certificate?: { readonly key: string; readonly cert: string },
): Promise<{ program: Program; port: number }> {
	const secrets = Object.fromEntries(RESPONSE_PLACES.map((place) => [place, canaries.at(place)]));
	const files = certificate ? [certificate.key, certificate.cert] : [];
	return Program.listening(process.execPath, ["-e", SERVER, JSON.stringify(secrets), ...files]);
}

/** Requests with a secret in every place that a client has. Returns how many they were. */
export function sendSecrets(scheme: "http" | "https", port: number, canaries: Canaries): number {
	const at = (place: string): string => canaries.at(place);
	const origin = `${scheme}://127.0.0.1:${port}`;
	const raw = (request: string): void => sendRaw(scheme, port, request);
	const curl = (...args: string[]): void => {
		const { status, stderr } = spawnSync("curl", ["-sSk", "-o", "/dev/null", ...args], { encoding: "utf8" });
		if (status !== 0) throw new Error(`curl failed: ${stderr}`);
	};
	const json = JSON.stringify({ password: at("jsonPassword"), remark: at("json"), deep: [{ remark: at("jsonDeep") }] });
	curl(
		...["-u", `user:${at("basic")}`, "-b", `sid=${at("cookie")}`, "-H", `X-Api-Key: ${at("apiKey")}`],
		...["-H", `Referer: http://u:${at("refererLogin")}@a/?q=${at("referer")}`, "-H", `X-Remark: ${at("header")}`],
		...["-H", "Content-Type: application/json", "-d", json],
		`${origin}/reset/${at("path")}?token=${at("query")}&${at("bareQuery")}`,
	);
	curl(
		"-H",
		`Authorization: Bearer ${at("bearer")}`,
		"-H",
		`Proxy-Authorization: Basic ${at("proxy")}`,
		`${origin}/plain`,
	);
	curl("-d", `user=u&password=${at("formPassword")}&remark=${at("form")}`, `${origin}/form`);
	curl("-F", `file=${at("multipart")}`, `${origin}/upload`);
	curl("-H", "Content-Type: application/octet-stream", "-d", at("binary"), `${origin}/binary`);
	raw(`GET http://user:${at("login")}@127.0.0.1/absolute HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
	raw(
		`POST /chunked HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5;e=${at("chunkExtension")}\r\nhello\r\n0\r\nX-Trailer: ${at("trailer")}\r\n\r\n`,
	);
	return 7;
}

/** What no ordinary client sends, by a socket of Python's. */
function sendRaw(scheme: string, port: number, request: string): void {
	const script = `
import socket, ssl, sys
plain = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
with ssl._create_unverified_context().wrap_socket(plain) if sys.argv[1] == "https" else plain as s:
    s.sendall(sys.stdin.buffer.read())
    while s.recv(65536): pass
`;
	const args = ["-c", script, scheme, String(port)];
	const { status, stderr } = spawnSync("python3", args, { input: request, encoding: "utf8" });
	if (status !== 0) throw new Error(`the request could not be sent: ${stderr}`);
}
