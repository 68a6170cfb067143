/**
 * `npm run picture`: docs/top.svg, what `wirescribe top` shows of nginx under wrk. A real capture: the agent runs in a pseudo-terminal,
 * and the picture is what is on that terminal's screen.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PseudoTerminal, type ScreenCell } from "../apps/agent/test/pseudo-terminal.ts";
import { ensureDebian } from "./debian.ts";
import { startNginx } from "./traffic/nginx.ts";
import { root } from "./workspace.ts";

const COLUMNS = 100;
const ROWS = 28;
/** Long enough for every figure to be there. */
const SECONDS = 12;

/** Of one cell, in the picture's units. */
const WIDTH = 8.4;
const HEIGHT = 18;
const MARGIN = 12;
const BACKGROUND = "#1b1f27";
const FOREGROUND = "#d5dae3";
/** Red, green, yellow and cyan of the palette: all that `top` uses. */
const COLORS: Readonly<Record<number, string>> = { 1: "#ff7b72", 2: "#7ee787", 3: "#e3b341", 6: "#76d9e6" };

const SHOP = `
location /orders { return 200 '[{"id":1,"item":7},{"id":2,"item":9}]\\n'; }
location /users { return 200 '{"name":"somebody","since":2019}\\n'; }
location /login { return 302 /; }
location /missing { return 404; }
location /payments { return 503; }
`;

/** One line: runs of cells that look alike, each with its place, so that fonts need not be exactly as wide. */
function lineText(cells: readonly ScreenCell[], row: number): string {
	const y = MARGIN + row * HEIGHT;
	let text = "";
	for (let from = 0; from < cells.length; ) {
		const first = cells[from] as ScreenCell;
		let to = from + 1;
		while (to < cells.length && looksLike(cells[to] as ScreenCell, first)) to++;
		const run = cells
			.slice(from, to)
			.map((cell) => cell.text)
			.join("");
		text += runText(run, first, MARGIN + from * WIDTH, y);
		from = to;
	}
	return text;
}

function looksLike(one: ScreenCell, other: ScreenCell): boolean {
	return (["color", "bold", "dim", "inverse"] as const).every((property) => one[property] === other[property]);
}

function runText(run: string, { color, bold, dim, inverse }: ScreenCell, x: number, y: number): string {
	const width = (run.length * WIDTH).toFixed(1);
	const box = `<rect x="${x.toFixed(1)}" y="${y}" width="${width}" height="${HEIGHT}" fill="${FOREGROUND}"/>`;
	if (run.trim() === "") return inverse ? box : "";
	const fill = inverse ? BACKGROUND : (COLORS[color] ?? FOREGROUND);
	const style = `${bold ? ' font-weight="bold"' : ""}${dim ? ' opacity="0.6"' : ""}`;
	const escaped = run.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
	const place = `x="${x.toFixed(1)}" y="${y + 13}" textLength="${width}" xml:space="preserve"`;
	return `${inverse ? box : ""}<text ${place} fill="${fill}"${style}>${escaped}</text>\n`;
}

function picture(screen: readonly (readonly ScreenCell[])[]): string {
	const width = Math.ceil(2 * MARGIN + COLUMNS * WIDTH);
	const height = 2 * MARGIN + ROWS * HEIGHT;
	const font = 'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13.5"';
	return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ${font}>
<title>wirescribe top: groups of requests with rates, errors and percentiles, and requests as they come</title>
<rect width="100%" height="100%" rx="8" fill="${BACKGROUND}"/>
${screen.map(lineText).join("")}</svg>
`;
}

await ensureDebian(["nginx-light", "wrk"]);
await using nginx = await startNginx({ server: SHOP, log: "off" });
const port = String(nginx.port);
await using terminal = new PseudoTerminal(["top", "--port", port, "--no-tls"], { columns: COLUMNS, rows: ROWS });
await terminal.shows("nothing in the last minute");
const load = [
	"-t1",
	"-c16",
	`-d${SECONDS + 2}`,
	"-s",
	join(root, "tools/traffic/shop.lua"),
	`http://127.0.0.1:${port}/`,
];
const wrk = spawn("wrk", load, { stdio: "ignore" });
const ended = once(wrk, "close");
await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
writeFileSync(join(root, "docs/top.svg"), picture(terminal.cells));
console.log(terminal.text);
terminal.press("q");
await Promise.all([terminal.end(), ended]);
