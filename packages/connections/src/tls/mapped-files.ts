import { readFileSync, readlinkSync } from "node:fs";

/** A file whose code a process has mapped. */
export interface MappedFile {
	/** As the process sees it; it may be in a container, or deleted. */
	readonly path: string;
	/** Ways to reach this very file from here, best first. */
	readonly reach: readonly string[];
	/** It is the program that the process runs. */
	readonly isProgram: boolean;
}

/** The files whose code a process has mapped, each once; empty when the process is gone, or is a kernel thread. */
export function mappedFiles(pid: number, proc = "/proc"): MappedFile[] {
	const folder = `${proc}/${pid}`;
	let maps: string;
	let program: string;
	try {
		maps = readFileSync(`${folder}/maps`, "utf8");
		program = readlinkSync(`${folder}/exe`);
	} catch {
		return [];
	}
	const files = new Map<string, MappedFile>();
	for (const line of maps.split("\n")) {
		// 7f2a00-7f2b00 r-xp 00001000 fe:00 1234    /usr/lib/libssl.so.3
		const [, range, permissions = "", identity = "", path = ""] =
			/^([0-9a-f]+-[0-9a-f]+) (\S{4}) [0-9a-f]+ (\S+ \d+)\s+(\/.*)$/.exec(line) ?? [];
		if (range === undefined || permissions[2] !== "x" || files.has(identity)) continue;
		const plain = path.replace(/ \(deleted\)$/, "");
		// The kernel's own link to the mapped file, named without leading zeros; then the path in the process's mount namespace.
		const link = range.replaceAll(/\b0+(?=\w)/g, "");
		const reach = [`${folder}/map_files/${link}`, `${folder}/root${plain}`];
		files.set(identity, { path: plain, reach, isProgram: path === program });
	}
	return [...files.values()];
}
