/** Tries what needs privileges and prints one JSON line: each answer, or the error's fields. */
import { fileURLToPath } from "node:url";
import { BpfError, BpfObject, kernelFeatures, mountTracefs, tracefsPath } from "../src/index.ts";

function attempt(action: () => unknown): unknown {
	try {
		return action();
	} catch (error) {
		if (!(error instanceof BpfError)) return { code: "not a BpfError", message: String(error) };
		return { code: error.code, errno: error.errno, message: error.message };
	}
}

const object = BpfObject.open(fileURLToPath(new URL("fixtures/probe.bpf.o", import.meta.url)));
const report = {
	features: attempt(kernelFeatures),
	load: attempt(() => object.load().name),
	before: attempt(tracefsPath),
	mounted: attempt(mountTracefs),
	after: attempt(tracefsPath),
};
object.close();
console.log(JSON.stringify(report));
