import { readFileSync } from "node:fs";
import process from "node:process";
import { dlopen } from "@wirescribe/ffi";
import { kernelFeatures, libraryPath, mountTracefs } from "@wirescribe/libbpf";
import { EXIT, type ExitCode } from "../cli/errors.ts";
import { whyUnreachable } from "../output/backend-reach.ts";

/** One thing looked at: whether it works, what was found, and what to do when it does not. */
export interface Check {
	readonly name: string;
	readonly ok: boolean;
	readonly found: string;
	readonly todo: string | null;
	/** The exit code when this fails; the first failing check decides. */
	readonly exitCode: ExitCode;
}

/** Oldest kernel: `bpf_task_pt_regs` and BTF of tracepoints' arguments. */
const FLOOR = [5, 15] as const;

const CAPABILITIES = { CAP_SYS_PTRACE: 19, CAP_SYS_ADMIN: 21, CAP_PERFMON: 38, CAP_BPF: 39 } as const;

export async function allChecks(backend: { host: string; port: number } | undefined): Promise<Check[]> {
	const checks = [runtime(), guard("ffi", ffi), guard("capabilities", capabilities)];
	checks.push(guard("libbpf", library));
	if (checks.at(-1)?.ok) checks.push(...kernel(), guard("tracefs", tracefs));
	if (backend) checks.push(await reach(backend));
	return checks;
}

function runtime(): Check {
	const name = "Deno" in globalThis ? "Deno" : process.versions["bun"] ? "Bun" : "Node";
	const versions = process.versions as Record<string, string | undefined>;
	const version = versions[name.toLowerCase()] ?? process.version;
	const ok = process.platform === "linux";
	return {
		name: "runtime",
		ok,
		found: `${name} ${version}, ${process.platform} ${process.arch}`,
		todo: ok ? null : "capture needs Linux; 'wirescribe replay' and 'collect' run here",
		exitCode: EXIT.unsupported,
	};
}

function ffi(): Check {
	const libc = dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } });
	const ok = libc.symbols.getpid() === process.pid;
	libc.close();
	return {
		name: "ffi",
		ok,
		found: ok ? libc.backend : `${libc.backend} gives wrong answers`,
		todo: ok ? null : "use Node 26.1 or newer, Bun, Deno, or install koffi",
		exitCode: EXIT.unsupported,
	};
}

function capabilities(): Check {
	const status = readFileSync("/proc/self/status", "utf8");
	const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`);
	const has = (bit: number): boolean => (effective & (1n << BigInt(bit))) !== 0n;
	const missing = Object.entries(CAPABILITIES)
		.filter(([, bit]) => !has(bit))
		.map(([name]) => name);
	// CAP_SYS_ADMIN stands in for the newer two (capabilities(7)).
	const ok = has(CAPABILITIES.CAP_SYS_ADMIN) || (has(CAPABILITIES.CAP_BPF) && has(CAPABILITIES.CAP_PERFMON));
	return {
		name: "capabilities",
		ok,
		found: missing.length === 0 ? "all that are needed" : `missing: ${missing.join(", ")}`,
		todo: ok ? null : "run as root, or grant CAP_BPF and CAP_PERFMON (and CAP_SYS_ADMIN to mount tracefs)",
		exitCode: EXIT.permission,
	};
}

function library(): Check {
	kernelFeatures();
	return { name: "libbpf", ok: true, found: libraryPath(), todo: null, exitCode: EXIT.unsupported };
}

function kernel(): Check[] {
	const features = kernelFeatures();
	const [major, minor] = features.version;
	const newEnough = major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1]);
	const feature = (name: string, answer: string, todo: string): Check => ({
		name,
		ok: answer === "yes",
		found: answer,
		todo: answer === "yes" ? null : answer === "EPERM" ? "run as root, or grant CAP_BPF and CAP_PERFMON" : todo,
		exitCode: answer === "EPERM" ? EXIT.permission : EXIT.unsupported,
	});
	return [
		{
			name: "kernel",
			ok: newEnough,
			found: features.release,
			todo: newEnough ? null : `Linux ${FLOOR.join(".")} or newer is needed`,
			exitCode: EXIT.unsupported,
		},
		feature("btf", features.btf, "use a kernel with CONFIG_DEBUG_INFO_BTF (/sys/kernel/btf/vmlinux)"),
		feature("bpf", features.bpf, "the bpf() system call does not work here"),
		feature("tracepoints", features.tracepointPrograms, "use a kernel with CONFIG_BPF_EVENTS"),
		feature("ring buffers", features.ringBuffers, "use --queue perf"),
		feature("perf buffers", features.perfBuffers, "use --queue ring"),
	];
}

function tracefs(): Check {
	return { name: "tracefs", ok: true, found: mountTracefs(), todo: null, exitCode: EXIT.unsupported };
}

async function reach(backend: { host: string; port: number }): Promise<Check> {
	const why = await whyUnreachable(backend);
	const address = `${backend.host}:${backend.port}`;
	return {
		name: "backend",
		ok: why === undefined,
		found: `${address} ${why ?? "accepts connections"}`,
		todo:
			why === undefined
				? null
				: `start a collector there ('wirescribe collect --listen ${address}'), or check the address`,
		exitCode: EXIT.runtime,
	};
}

/** Runs a check that may throw: then the error is what was found. */
function guard(name: string, check: () => Check): Check {
	try {
		return check();
	} catch (error) {
		const { message } = error as Error;
		const denied = /EPERM|EACCES|not permitted/i.test(message);
		return {
			name,
			ok: false,
			found: message.split("\n", 1)[0] as string,
			todo: denied ? "run as root, or grant CAP_BPF and CAP_PERFMON" : "see the message",
			exitCode: denied ? EXIT.permission : EXIT.unsupported,
		};
	}
}
