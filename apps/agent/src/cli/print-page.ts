import process from "node:process";

/** Writes a whole page to stdout. A reader that has seen enough (`| head`) is no failure. */
export function printPage(text: string): void {
	process.stdout.once("error", (error: NodeJS.ErrnoException) => {
		if (error.code !== "EPIPE") throw error;
	});
	process.stdout.write(text);
}
