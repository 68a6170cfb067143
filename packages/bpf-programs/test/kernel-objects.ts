/** What BPF objects a process holds, as the kernel lists them under its descriptors. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { BpfMap } from "@wirescribe/libbpf";

const HASH = 1;
const LRU_HASH = 9;

/** The programs and maps a process has open: "prog 12", "map 34". */
export function objectsOf(pid: number): Set<string> {
	const objects = new Set<string>();
	for (const fd of readdirSync(`/proc/${pid}/fd`)) {
		const [, kind, id] = /^(prog|map)_id:\s*(\d+)$/m.exec(infoOf(pid, fd)) ?? [];
		if (id) objects.add(`${kind} ${id}`);
	}
	return objects;
}

/** What the kernel says of a descriptor of a BPF object; descriptors come and go meanwhile. */
function infoOf(pid: number, fd: string): string {
	try {
		const isBpf = /bpf-(prog|map)/.test(readlinkSync(`/proc/${pid}/fd/${fd}`));
		return isBpf ? readFileSync(`/proc/${pid}/fdinfo/${fd}`, "latin1") : "";
	} catch {
		return "";
	}
}

/** The programs and maps of the whole kernel. */
export function objectsInKernel(): Set<string> {
	const list = (kind: string): string[] => {
		const listed = execFileSync("bpftool", ["-j", kind, "show"], { encoding: "utf8", maxBuffer: 1 << 26 });
		return (JSON.parse(listed) as { id: number }[]).map(({ id }) => `${kind} ${id}`);
	};
	return new Set([...list("prog"), ...list("map")]);
}

/** How many entries those maps have that grow and shrink with the traffic, by name. */
export function entriesOf(objects: Iterable<string>): Map<string, number> {
	const counts = new Map<string, number>();
	for (const object of objects) {
		const [kind, id] = object.split(" ");
		if (kind !== "map") continue;
		using map = BpfMap.fromId(Number(id));
		if (map.type === HASH || map.type === LRU_HASH) counts.set(map.name, [...map.keys()].length);
	}
	return counts;
}
