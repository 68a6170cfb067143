import { type Row, run, type Script } from "./wire.ts";

/** Messages of which each exchange has a name, so that a wrong pair shows. */
export const get = (name: string): string => `GET /${name} HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\n\r\n`;
export const put = (name: string, body: string): string =>
	`PUT /${name} HTTP/1.1\r\nHost: example.org\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
export const ok = (name: string): string => `HTTP/1.1 200 OK\r\nX-Name: ${name}\r\nContent-Length: 5\r\n\r\nhello`;

/** An exchange as "/target name", "-" for a half that is not there, and why it stands alone. */
export function brief({ target, headers, unpaired }: Row): string {
	const name = headers.find((field) => field.startsWith("X-Name: "))?.slice(8);
	return `${target ?? "-"} ${name ?? "-"}${unpaired ? ` ${unpaired}` : ""}`;
}

/** What comes out when these operations (counted from 1) are lost. */
export function without(script: Script, ...lost: number[]): string[] {
	return run(script.chunks.filter((_, i) => !lost.includes(i + 1))).rows.map(brief);
}

export const pairs = (rows: string[]): string[] =>
	rows.filter((row) => row.split(" ").length === 2 && !row.includes("-"));
export const wrong = (rows: string[]): string[] =>
	pairs(rows).filter((row) => row.split(" ")[0] !== `/${row.split(" ")[1]}`);
