import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

/** Folders that senders of this process use. */
const inUse = new Set<string>();

/** Makes the folder ours; throws when another living process, or another sender of this one, has it. */
export function lockFolder(folder: string): () => void {
	// Whose log it is decides who may read it.
	mkdirSync(folder, { recursive: true, mode: 0o700 });
	const real = realpathSync(folder);
	const file = join(real, "lock");
	const owner = ownerOf(file);
	if (inUse.has(real) || (owner !== null && owner !== process.pid && isAlive(owner))) {
		throw new Error(`Cannot use the spool '${folder}' as process ${owner} does: give each sender a folder of its own`);
	}
	writeFileSync(file, `${process.pid}\n`);
	inUse.add(real);
	return () => {
		inUse.delete(real);
		rmSync(file, { force: true });
	};
}

function ownerOf(file: string): number | null {
	try {
		return Number(readFileSync(file, "utf8")) || null;
	} catch {
		return null;
	}
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === "EPERM";
	}
}
