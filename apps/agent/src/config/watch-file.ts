import { watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Editors and ConfigMaps change a folder several times in a moment. */
const SETTLE_MS = 100;

/**
 * Calls `touched` when a file may have changed, once for what is done in a moment. It is the folder that is watched: editors replace a
 * file by renaming another one, a Kubernetes ConfigMap by renaming a link (`..data`) that the file's own link leads through.
 */
export function watchFile(file: string, touched: () => void): Disposable {
	const name = basename(file);
	let timer: NodeJS.Timeout | undefined;
	const watcher = watch(dirname(file) || ".", { persistent: false }, (_event, entry) => {
		if (entry !== null && entry !== name && !entry.startsWith("..")) return;
		clearTimeout(timer);
		timer = setTimeout(touched, SETTLE_MS);
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
