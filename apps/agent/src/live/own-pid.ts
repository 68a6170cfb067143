import { readlinkSync } from "node:fs";
import process from "node:process";

/** This process's number as `proc` shows it, which is the host's number in a container that has the host's /proc mounted. */
export function ownPid(proc: string): number {
	try {
		return Number(readlinkSync(`${proc}/self`)) || process.pid;
	} catch {
		return process.pid;
	}
}
