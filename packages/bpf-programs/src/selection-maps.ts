import type { BpfObject } from "@wirescribe/libbpf";
import type { Selection } from "./options.ts";

/** Adds to the maps what is selected. */
export function addSelected(object: BpfObject, { pids = [], ports = [], comms = [] }: Selection): void {
	for (const pid of pids) object.map("selected_tgids").set(pid, 1);
	for (const port of ports) object.map("selected_ports").set(port, 1);
	for (const comm of comms) object.map("selected_comms").set(commBytes(comm), 1);
}

/** Takes out of them what was selected and is not to be kept. */
export function removeSelected(
	object: BpfObject,
	{ pids = [], ports = [], comms = [] }: Selection,
	kept: Selection,
): void {
	for (const pid of pids) if (!kept.pids?.includes(pid)) object.map("selected_tgids").delete(pid);
	for (const port of ports) if (!kept.ports?.includes(port)) object.map("selected_ports").delete(port);
	for (const comm of comms) if (!kept.comms?.includes(comm)) object.map("selected_comms").delete(commBytes(comm));
}

/** A thread's name as the kernel keeps it: 16 bytes, the last one zero. */
function commBytes(comm: string): Uint8Array {
	const bytes = new Uint8Array(16);
	new TextEncoder().encodeInto(comm, bytes.subarray(0, 15));
	return bytes;
}
