import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

interface Failure {
	readonly code: string;
	readonly errno: string;
	readonly message: string;
}

interface Report {
	readonly features: { readonly bpf: string; readonly ringBuffers: string };
	readonly load: string | Failure;
	readonly before: string | Failure;
	readonly mounted: string | Failure;
	readonly after: string | Failure;
}

const script = fileURLToPath(new URL("./report-privileges.ts", import.meta.url));
const withoutCapabilities = "setpriv --bounding-set=-all --inh-caps=-all";
// A mount namespace of its own: what the test unmounts and mounts is seen by nobody else.
const withoutTracefs = "umount /sys/kernel/tracing /sys/kernel/debug/tracing 2>/dev/null";

function report(shell: string): Report {
	const node = `'${process.execPath}' --conditions=@wirescribe/source '${script}'`;
	const { NODE_OPTIONS: _, ...env } = process.env;
	const text = execFileSync("unshare", ["--mount", "sh", "-c", `${shell} ${node}`], {
		encoding: "utf8",
		env,
		timeout: 240_000,
	});
	return JSON.parse(text) as Report;
}

describe("without capabilities", () => {
	it("says what is not permitted and what to do", () => {
		const { features, load } = report(withoutCapabilities);
		expect(features.bpf).toBe("EPERM");
		expect(features.ringBuffers).toBe("EPERM");
		expect(load).toMatchObject({ code: "ERR_BPF_LOAD", errno: "EPERM" });
		expect((load as Failure).message).toMatch(/run as root, or grant CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN/);
	});
});

describe("without tracefs", () => {
	it("mounts it where that is allowed", () => {
		const { before, mounted, after } = report(`${withoutTracefs};`);
		expect(before).toMatchObject({ code: "ERR_BPF_TRACEFS", errno: "ENOENT" });
		expect(mounted).toBe("/sys/kernel/tracing");
		expect(after).toBe("/sys/kernel/tracing");
	});

	it("says how to mount it where that is not allowed", () => {
		const { mounted } = report(`${withoutTracefs}; ${withoutCapabilities}`);
		expect(mounted).toMatchObject({ code: "ERR_BPF_TRACEFS", errno: "EPERM" });
		expect((mounted as Failure).message).toMatch(/mount tracefs at \/sys\/kernel\/tracing.*mount -t tracefs tracefs/);
	});
});
