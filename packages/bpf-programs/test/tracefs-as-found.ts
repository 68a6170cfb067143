/** Attaching mounts tracefs where it is missing; these tests leave the machine as they found it. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const place = "/sys/kernel/tracing";

function isMounted(): boolean {
	return readFileSync("/proc/self/mounts", "latin1").includes(` ${place} tracefs `);
}

/** Runs before all test files; what it returns runs after them, also when tests failed. */
export function setup(): () => void {
	if (isMounted()) return () => {};
	return () => {
		if (!isMounted()) return;
		try {
			execFileSync("umount", [place], { stdio: "ignore" });
		} catch {
			// Busy: somebody else is tracing by now. Then it is theirs.
		}
	};
}
