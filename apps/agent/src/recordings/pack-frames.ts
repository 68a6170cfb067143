import { OutputBuffer, type OutputFrame } from "@wirescribe/pipeline";

const PACK_BYTES = 1 << 20;

/** Ordered frames as buffers that an outlet takes. */
export function* packFrames(frames: readonly OutputFrame[]): Generator<ArrayBuffer, void, undefined> {
	const pack = new OutputBuffer(PACK_BYTES);
	for (const { kind, socketId, version, endNs, sequence, preamble, body } of frames) {
		pack.push(kind, socketId, version, endNs, sequence, preamble, body);
		if (pack.bytes >= PACK_BYTES) yield pack.take() as ArrayBuffer;
	}
	const last = pack.take();
	if (last) yield last;
}
