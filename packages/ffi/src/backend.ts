import { bunBackend } from "./bun/backend.ts";
import { denoBackend } from "./deno/backend.ts";
import { FfiError } from "./errors.ts";
import { koffiBackend } from "./koffi/backend.ts";
import { nodeBackend } from "./node/backend.ts";
import type { Backend, BackendName } from "./types.ts";

// The order matters: Bun and Deno also answer to Node's names.
const known: readonly (readonly [BackendName, () => Backend | undefined])[] = [
	["bun:ffi", bunBackend],
	["deno", denoBackend],
	["node:ffi", nodeBackend],
	["koffi", koffiBackend],
];

let chosen: Backend | undefined;

/** This runtime's backend, found at the first use. The variable WIRESCRIBE_FFI names another one of those available. */
export function backend(): Backend {
	chosen ??= choose(process.env.WIRESCRIBE_FFI);
	return chosen;
}

function choose(wanted: string | undefined): Backend {
	for (const [name, make] of known) {
		const made = wanted === undefined || wanted === "" || wanted === name ? make() : undefined;
		if (made !== undefined) return made;
	}
	const asked = wanted === undefined || wanted === "" ? "" : ` (WIRESCRIBE_FFI asks for ${wanted})`;
	const advice = "use Node >= 26.1, Bun or Deno, or install koffi (npm install koffi)";
	throw new FfiError(
		"ERR_FFI_BACKEND",
		`Cannot call native code in ${process.release.name} ${process.version}${asked}: ${advice}`,
	);
}
