/** The thread of {@linkcode LinkCloser}: handles come in lists; `undefined` ends it. */
import { parentPort } from "node:worker_threads";
import { Link } from "@wirescribe/libbpf";

parentPort?.on("message", (handles: readonly number[] | undefined) => {
	if (handles === undefined) parentPort?.close();
	else for (const handle of handles) Link.adopt(handle, "a function").close();
});
