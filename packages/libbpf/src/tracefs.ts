import { failure } from "./failure.ts";
import { native } from "./native.ts";

const decoder: TextDecoder = new TextDecoder();

function find(mayMount: number): string {
	const path = new Uint8Array(64);
	const length = native().ws_tracefs(mayMount, path, path.byteLength);
	const todo = "mount it as root: mount -t tracefs tracefs /sys/kernel/tracing";
	if (length < 0) throw failure("ERR_BPF_TRACEFS", length, undefined, todo);
	return decoder.decode(path.subarray(0, length));
}

/** Where tracefs is; throws when it is not mounted. Changes nothing. */
export function tracefsPath(): string {
	return find(0);
}

/** Where tracefs is, after mounting it at /sys/kernel/tracing if that was needed. Attaching to a tracepoint calls this. */
export function mountTracefs(): string {
	return find(1);
}
