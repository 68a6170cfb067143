import { describe, expect, test } from "vitest";
import { openCapture } from "./index.ts";
import { checkKernel, objectFile } from "./kernels.ts";

describe("what cannot work", () => {
	test.each([
		[{ rings: 0 }, "'rings' must be an integer from 1 to 64: received 0"],
		[{ ringBytes: 5000 }, "'ringBytes' must be a power of two: received 5000"],
		[{ headLimit: 40_000 }, "'headLimit' must be an integer from 0 to 32768: received 40000"],
		[{ queue: "perf", rings: 2 } as const, "'rings' must be 1: received 2"],
		[{ select: { ports: [70_000] } }, "'select.ports' must be an integer from 1 to 65535"],
	])("is refused before anything is loaded: %j", (options, message) => {
		expect(() => openCapture(options)).toThrow(message);
	});

	test("has a code", () => {
		expect(() => objectFile("riscv64", "probed")).toThrow(expect.objectContaining({ code: "ERR_CAPTURE_ARCH" }));
		expect(() => checkKernel("5.10.0-28-amd64")).toThrow(expect.objectContaining({ code: "ERR_CAPTURE_KERNEL" }));
		expect(() => checkKernel("4.18.0")).toThrow("need 5.15 or later");
		for (const release of ["5.15.0", "6.1.0-18-amd64", "10.0"]) expect(() => checkKernel(release)).not.toThrow();
	});
});
