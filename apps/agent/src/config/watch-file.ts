import { readFileSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Editors and ConfigMaps change a folder several times in a moment. */
const SETTLE_MS = 100;

/**
 * Calls `changed` when a file holds something else than before. It is the folder that is watched: editors replace a file by
 * renaming another one, a Kubernetes ConfigMap by renaming a link (`..data`) that the file's own link leads through.
 */
export function watchFile(file: string, changed: () => void): Disposable {
	const name = basename(file);
	let known = contents(file);
	let timer: NodeJS.Timeout | undefined;
	const look = (): void => {
		const now = contents(file);
		// One that is not there just now may be about to be replaced; whoever asks for a reload is told.
		if (now === undefined || now === known) return;
		known = now;
		changed();
	};
	const watcher = watch(dirname(file) || ".", { persistent: false }, (_event, entry) => {
		if (entry !== null && entry !== name && !entry.startsWith("..")) return;
		clearTimeout(timer);
		timer = setTimeout(look, SETTLE_MS);
		timer.unref();
	});
	// The folder itself is gone: SIGHUP still works.
	watcher.on("error", () => watcher.close());
	return {
		[Symbol.dispose]() {
			clearTimeout(timer);
			watcher.close();
		},
	};
}

function contents(file: string): string | undefined {
	try {
		return readFileSync(file, "utf8");
	} catch {
		return undefined;
	}
}
