import { cString } from "@wirescribe/ffi";
import { failure } from "./failure.ts";
import { native } from "./native.ts";

const WHERE = "pins live in a BPF file system: mount -t bpf bpf /sys/fs/bpf";

/** Gives what is behind an fd a name. It then lives until the name is removed, like a file. */
export function pinFd(fd: number, path: string, what: string): void {
	const result = native().ws_fd_pin(fd, cString(path));
	if (result < 0) throw failure("ERR_BPF_PIN", result, `pin ${what} at ${path}`, WHERE);
}

/** The fd of what has a name; the caller closes it. */
export function pinnedFd(path: string): number {
	const fd = native().ws_fd_pinned(cString(path));
	if (fd < 0) throw failure("ERR_BPF_PIN", fd, `open what is pinned at ${path}`, WHERE);
	return fd;
}
