import { statSync } from "node:fs";

/** What makes two paths the same file, unchanged: device, inode, size and time of change. Undefined when it is gone. */
export function fileIdentity(path: string): string | undefined {
	try {
		const { dev, ino, size, mtimeMs } = statSync(path);
		return `${dev}:${ino}:${size}:${mtimeMs}`;
	} catch {
		return undefined;
	}
}
