import process from "node:process";
import { Logger } from "./logger.ts";

/** The process's own log, on stderr. Its options are set once, when they are known. Worker threads do not log. */
export const log: Logger = new Logger({
	format: "text",
	level: "info",
	write: (line) => process.stderr.write(line),
});
