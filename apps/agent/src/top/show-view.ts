import type { LiveView } from "@wirescribe/live-view";
import { untilStopped } from "../live/signals.ts";
import { Terminal } from "./terminal.ts";

/** Four frames a second: as fast as figures can be read. */
const FRAME_MS = 250;

/** Shows a view until it is quit, a signal comes, or there is no terminal any more; then the terminal is as it was. */
export async function showView(view: LiveView, ended?: Promise<void>): Promise<void> {
	const terminal = new Terminal();
	const draw = (): void => {
		view.tick(Date.now());
		terminal.draw(view.frame(terminal.width, terminal.height));
	};
	const quit = new Promise<void>((resolve) => {
		terminal.onKey = (key) => {
			if (view.press(key) === "quit") resolve();
			else draw();
		};
	});
	terminal.onMessage = (line) => view.notice(line);
	terminal.onRedraw = draw;
	const timer = setInterval(draw, FRAME_MS);
	try {
		draw();
		await untilStopped(Promise.race([quit, terminal.gone, ...(ended ? [ended] : [])]));
	} finally {
		clearInterval(timer);
		terminal.close();
	}
}
