import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { watchFile } from "./watch-file.ts";

let folder: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "wirescribe-watch-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("sees a file that is written, and one that is renamed over it", async () => {
	const file = join(folder, "w.yaml");
	writeFileSync(file, "a");
	let touched = 0;
	using _watched = watchFile(file, () => touched++);
	writeFileSync(file, "b");
	await expect.poll(() => touched).toBe(1);
	writeFileSync(join(folder, ".w.yaml.swp"), "c");
	renameSync(join(folder, ".w.yaml.swp"), file);
	await expect.poll(() => touched).toBe(2);
	// Another file is none of ours: it is there long before the next change of this one is seen.
	writeFileSync(join(folder, "other.yaml"), "d");
	await sleep(300);
	writeFileSync(file, "e");
	await expect.poll(() => touched).toBe(3);
});

test("sees a ConfigMap change, and a file that comes back", async () => {
	const version = (name: string, text: string): void => {
		mkdirSync(join(folder, name));
		writeFileSync(join(folder, name, "w.yaml"), text);
		symlinkSync(name, join(folder, "..data_tmp"));
		renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
	};
	version("..1", "a");
	const file = join(folder, "w.yaml");
	symlinkSync("..data/w.yaml", file);
	let touched = 0;
	using _watched = watchFile(file, () => touched++);
	version("..2", "b");
	await expect.poll(() => touched).toBe(1);
	rmSync(file);
	await expect.poll(() => touched).toBe(2);
	writeFileSync(file, "c");
	await expect.poll(() => touched).toBe(3);
});
