import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
	CLOSE,
	CONNECTION,
	FRAME_BYTES,
	HEAD,
	head,
	isWhole,
	KIND,
	nextFrame,
	OPERATION,
	operation,
	SYSCALL,
} from "./events.ts";

const document: string = readFileSync(new URL("../../../docs/architecture.md", import.meta.url), "utf8");

/** The rows `| offset | type | field |` of the table that follows `from`, as field -> offset. */
function documented(from: string): Map<string, number> {
	const rows = new Map<string, number>();
	const lines = document.slice(document.indexOf(from)).split("\n");
	const start = lines.findIndex((line) => line.startsWith("| offset"));
	for (const line of lines.slice(start + 2)) {
		const [, offset, types, field] = line.split("|").map((cell) => cell.trim());
		if (offset === undefined || field === undefined) break;
		const names = [...field.matchAll(/`([a-z_]+)`/g)].map((match) => match[1]!);
		const size = /u8/.test(types!) ? 1 : /u16/.test(types!) ? 2 : 4;
		// "u16, u16": two fields in one row; other names in a row are remarks.
		const count = types!.split(",").length;
		for (const [i, name] of names.slice(0, count).entries()) rows.set(name, Number(offset) + i * size);
	}
	return rows;
}

describe("the layout is the documented one", () => {
	test.each([
		["All headers start alike", HEAD, 10],
		["operation (96 bytes", OPERATION, 14],
		["connection (112 bytes)", CONNECTION, 12],
	] as const)("%s", (heading, layout, atLeast) => {
		const rows = documented(heading);
		expect(rows.size).toBeGreaterThanOrEqual(atLeast);
		for (const [name, offset] of rows) {
			const own = name === "errno" ? "error" : name;
			expect([name, (layout as Readonly<Record<string, number>>)[own]]).toEqual([name, offset]);
		}
	});

	test("sizes and numbers", () => {
		expect([HEAD.size, OPERATION.size, CONNECTION.size, CLOSE.size]).toEqual([40, 96, 112, 48]);
		const paragraph = document.slice(document.indexOf("`syscall`:")).split("\n\n")[0]!;
		const listed = [...paragraph.matchAll(/(\d+) ([a-z0-9]+(?: (?:read|write))?)[,. ·]/g)];
		expect(listed).toHaveLength(Object.keys(SYSCALL).length);
		for (const [, code, name] of listed) {
			expect(SYSCALL[name!.replace(" ", "_") as keyof typeof SYSCALL]).toBe(Number(code));
		}
	});
});

describe("readers", () => {
	test("walk frames and read fields, 64-bit ones as numbers", () => {
		const view = new DataView(new ArrayBuffer(256));
		view.setUint32(0, 99, true);
		view.setUint8(FRAME_BYTES, KIND.operation);
		view.setBigUint64(FRAME_BYTES + HEAD.socket_id, 2n ** 53n - 1n, true);
		view.setInt32(FRAME_BYTES + HEAD.fd, -1, true);
		view.setUint32(FRAME_BYTES + OPERATION.captured, 3, true);
		expect(nextFrame(view, 0)).toBe(112);
		expect(head.socketId(view, FRAME_BYTES)).toBe(2 ** 53 - 1);
		expect(head.fd(view, FRAME_BYTES)).toBe(-1);
		expect(operation.captured(view, FRAME_BYTES)).toBe(3);
		expect(isWhole(view, FRAME_BYTES, 99)).toBe(true);
	});

	test("tell what is not an event", () => {
		const view = new DataView(new ArrayBuffer(120));
		expect(isWhole(view, 0, 39)).toBe(false);
		expect(isWhole(view, 0, 96)).toBe(false);
		view.setUint8(0, KIND.operation);
		expect(isWhole(view, 0, 96)).toBe(true);
		view.setUint32(OPERATION.captured, 1, true);
		expect(isWhole(view, 0, 96)).toBe(false);
		expect(isWhole(view, 0, 97)).toBe(true);
		expect(isWhole(view, 40, 97)).toBe(false);
		view.setUint32(OPERATION.captured, 0xffff_ffff, true);
		expect(isWhole(view, 0, 97)).toBe(false);
	});
});
