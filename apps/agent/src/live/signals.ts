import process from "node:process";

/**
 * Resolves on the first SIGINT or SIGTERM (or when `also` resolves); a second one exits at once, with the shell's code
 * for a death by that signal.
 */
export function untilStopped(also?: Promise<unknown>): Promise<string> {
	return new Promise((resolve) => {
		let stopping = false;
		const stop = (signal: "SIGINT" | "SIGTERM", code: number) => {
			if (stopping) process.exit(128 + code);
			stopping = true;
			resolve(signal);
		};
		process.on("SIGINT", () => stop("SIGINT", 2));
		process.on("SIGTERM", () => stop("SIGTERM", 15));
		also?.then(() => {
			stopping = true;
			resolve("end");
		});
	});
}
