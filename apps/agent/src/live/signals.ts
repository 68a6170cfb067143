import process from "node:process";

let removeHandlers = (): void => {};

/**
 * Resolves on the first SIGINT or SIGTERM (or when `also` resolves); a second one exits at once, with the shell's code
 * for a death by that signal. Called again, it waits again: what came before is over.
 */
export function untilStopped(also?: Promise<unknown>): Promise<string> {
	removeHandlers();
	return new Promise((resolve) => {
		let stopping = false;
		const stop = (signal: "SIGINT" | "SIGTERM", code: number): void => {
			if (stopping) process.exit(128 + code);
			stopping = true;
			resolve(signal);
		};
		const interrupt = (): void => stop("SIGINT", 2);
		const terminate = (): void => stop("SIGTERM", 15);
		process.on("SIGINT", interrupt);
		process.on("SIGTERM", terminate);
		removeHandlers = () => {
			process.off("SIGINT", interrupt);
			process.off("SIGTERM", terminate);
		};
		also?.then(() => {
			stopping = true;
			resolve("end");
		});
	});
}
