import { existsSync, readdirSync } from "node:fs";
import {
	readProcess,
	systemTlsLibraries,
	TLS_COSTS,
	type TlsFile,
	TlsProbes,
	tlsFunctionText,
	untestedLibrary,
} from "@wirescribe/connections";
import type { TlsNotVisible } from "@wirescribe/pipeline";

/** What of this machine's TLS would be read. */
export interface TlsOverview {
	/** The kernel can run programs at functions of user-space files. */
	readonly uprobes: boolean;
	/** Files with functions of a TLS library; `path` as its processes see it. */
	readonly files: readonly Pick<TlsFile, "path" | "libraries" | "pids">[];
	/** Processes that have a TLS of their own which cannot be read. */
	readonly notVisible: readonly TlsNotVisible[];
}

/** Looks at every process and at the system's libraries. Nothing is attached. */
export function tlsOverview(): TlsOverview {
	const nothing: Disposable = { [Symbol.dispose]: () => {} };
	const probes = new TlsProbes({ attach: () => nothing, standing: systemTlsLibraries() });
	const notVisible: TlsNotVisible[] = [];
	for (const name of readdirSync("/proc")) {
		if (!/^\d+$/.test(name)) continue;
		const pid = Number(name);
		probes.scan(pid);
		const { reason, hasTls } = probes.visibility(pid);
		if (reason !== undefined && hasTls) notVisible.push({ pid, comm: readProcess(pid)?.comm ?? "", reason });
	}
	const files = probes.list().map(({ path, libraries, pids }) => ({ path, libraries, pids }));
	return { uprobes: existsSync("/sys/bus/event_source/devices/uprobe/type"), files, notVisible };
}

export function tlsText({ uprobes, files, notVisible }: TlsOverview): string {
	const lines = files.flatMap(({ path, libraries, pids }) => [
		`      ${path}: ${pids.length} process${pids.length === 1 ? "" : "es"}`,
		...libraries.flatMap((one) => {
			const untested = untestedLibrary(path, one);
			const note = untested === undefined ? "" : `; ${untested}, found by its symbols: untested`;
			return one.functions.map((target) => `        ${one.library} ${tlsFunctionText(target)}${note}`);
		}),
	]);
	lines.unshift(
		uprobes
			? `ok    tls           read where these files are used; ${TLS_COSTS}:`
			: "--    tls           not read: this kernel has no uprobes",
	);
	for (const { comm, pid, reason } of notVisible)
		lines.push(`      ${comm} (${pid}): TLS, not visible, because ${reason}`);
	return `${lines.join("\n")}\n`;
}
