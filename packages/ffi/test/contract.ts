/**
 * The contract every backend keeps, as named cases that need nothing but node:assert: each runtime runs this same file.
 * libc and libm are the native code; every expected value is known without them.
 */
import assert from "node:assert/strict";
import { cString, dlopen, FfiError, type Library, pointerOf, readCString } from "../src/index.ts";

const table = {
	getpid: { args: [], returns: "i32" },
	strlen: { args: ["buffer"], returns: "u64" },
	strnlen: { args: ["buffer", "u64"], returns: "u64" },
	llabs: { args: ["i64"], returns: "i64" },
	abs: { args: ["i32"], returns: "i32" },
	htonl: { args: ["u32"], returns: "u32" },
	atof: { args: ["buffer"], returns: "f64" },
	strtoull: { args: ["buffer", "buffer", "i32"], returns: "u64" },
	strtoll: { args: ["buffer", "buffer", "i32"], returns: "i64" },
	memset: { args: ["buffer", "i32", "u64"], returns: "pointer" },
	memcpy: { args: ["pointer", "pointer", "u64"], returns: "pointer" },
	malloc: { args: ["u64"], returns: "pointer" },
	free: { args: ["pointer"], returns: "void" },
	time: { args: ["pointer"], returns: "i64" },
	srand: { args: ["u32"], returns: "void" },
} as const;

function withLibc(use: (symbols: Library<typeof table>["symbols"]) => void): void {
	const libc = dlopen("libc.so.6", table);
	try {
		use(libc.symbols);
	} finally {
		libc.close();
	}
}

function codeOf(action: () => unknown): { code: string; message: string } {
	try {
		action();
	} catch (error) {
		assert.ok(error instanceof FfiError, `not an FfiError: ${String(error)}`);
		return { code: error.code, message: error.message };
	}
	throw new assert.AssertionError({ message: "nothing was thrown" });
}

/** The cases by name. */
export const cases: Readonly<Record<string, () => void>> = {
	"calls a function without arguments": () => withLibc((c) => assert.equal(c.getpid(), process.pid)),

	"passes 32-bit integers with their sign": () =>
		withLibc((c) => {
			assert.equal(c.abs(-2147483647), 2147483647);
			assert.equal(c.htonl(0xff020304), 0x040302ff);
			assert.equal(c.htonl(0x010203f4), 0xf4030201);
		}),

	"passes 64-bit integers as number or bigint and returns numbers": () =>
		withLibc((c) => {
			assert.equal(c.llabs(-9007199254740991), 9007199254740991);
			assert.equal(c.llabs(-5n), 5);
			assert.equal(c.strtoll(cString("-4294967297"), null, 10), -4294967297);
			assert.equal(c.strtoull(cString("9007199254740991"), null, 10), 9007199254740991);
			assert.equal(c.strnlen(cString("abc"), 2n), 2);
		}),

	"passes doubles": () => {
		withLibc((c) => assert.equal(c.atof(cString("0.1")), 0.1));
		const libm = dlopen("libm.so.6", { pow: { args: ["f64", "f64"], returns: "f64" } });
		assert.equal(libm.symbols.pow(2, 0.5), Math.SQRT2);
		libm.close();
	},

	"lends buffers, views into them and empty ones": () =>
		withLibc((c) => {
			assert.equal(c.strlen(cString("žluťoučký")), 13);
			assert.equal(c.strlen(cString("abcdef").subarray(2)), 4);
			assert.equal(c.strnlen(new Uint8Array(0), 0), 0);
		}),

	"sees what native code wrote into a buffer": () =>
		withLibc((c) => {
			for (const size of [8, 64, 100_000]) {
				const bytes = new Uint8Array(size);
				c.memset(bytes.subarray(1, 4), 7, 3);
				assert.deepEqual([...bytes.subarray(0, 5)], [0, 7, 7, 7, 0]);
			}
		}),

	"passes null as a null pointer": () =>
		withLibc((c) => {
			assert.equal(c.strnlen(null, 0), 0);
			assert.equal(c.memset(null, 0, 0), 0n);
			assert.ok(c.time(null) > 1_700_000_000);
			assert.equal(c.free(null), undefined);
		}),

	"returns undefined for void": () => withLibc((c) => assert.equal(c.srand(1), undefined)),

	"carries addresses as bigint": () =>
		withLibc((c) => {
			const memory = c.malloc(16);
			assert.equal(typeof memory, "bigint");
			const [from, to] = [new Uint8Array([1, 2, 3, 4]), new Uint8Array(4)];
			assert.equal(c.memcpy(memory, pointerOf(from), 4), memory);
			c.memcpy(pointerOf(to), memory, 4);
			c.free(memory);
			assert.deepEqual([...to], [1, 2, 3, 4]);
		}),

	"takes the address of a view, not of its buffer": () =>
		withLibc((c) => {
			const bytes = new Uint8Array(32).fill(9);
			const view = bytes.subarray(8, 12);
			assert.equal(pointerOf(view) - pointerOf(bytes), 8n);
			assert.equal(pointerOf(bytes.subarray(8, 8)), 0n);
			c.memcpy(pointerOf(view), pointerOf(new Uint8Array([1, 2, 3, 4])), 4);
			assert.deepEqual([...bytes.subarray(7, 13)], [9, 1, 2, 3, 4, 9]);
		}),

	"keeps an address valid while memory moves": () =>
		withLibc((c) => {
			const small = new Uint8Array(16);
			const address = pointerOf(small);
			let garbage: Uint8Array[] = [];
			for (let i = 0; i < 20_000; i++) {
				garbage.push(new Uint8Array(16));
				if (garbage.length > 1000) garbage = [];
			}
			assert.equal(pointerOf(small), address);
			c.memcpy(address, pointerOf(new Uint8Array([5])), 1);
			assert.equal(small[0], 5);
		}),

	"reads and writes C strings": () => {
		assert.deepEqual([...cString("hé")], [104, 0xc3, 0xa9, 0]);
		assert.equal(readCString(new Uint8Array([104, 105, 0, 120])), "hi");
		assert.equal(readCString(new Uint8Array([104, 105])), "hi");
		assert.throws(() => cString("a\0b"), TypeError);
	},

	"says that a library is missing": () => {
		const { code, message } = codeOf(() => dlopen("libnosuch-wirescribe.so", { f: { args: [], returns: "void" } }));
		assert.equal(code, "ERR_FFI_LIBRARY");
		assert.match(message, /^Cannot load the library libnosuch-wirescribe\.so: .+: check that the file exists/);
	},

	"says which function is missing": () => {
		const symbols = { getpid: { args: [], returns: "i32" }, no_such_function: { args: [], returns: "i32" } } as const;
		const { code, message } = codeOf(() => dlopen("libc.so.6", symbols));
		assert.equal(code, "ERR_FFI_SYMBOL");
		assert.match(message, /^Cannot find the function no_such_function in libc\.so\.6: /);
	},

	"refuses a table without functions": () => {
		assert.equal(codeOf(() => dlopen("libc.so.6", {})).code, "ERR_FFI_SYMBOL");
	},

	"refuses types it does not know, and results it cannot give": () => {
		const wrong = { getpid: { args: [], returns: "int" as "i32" } } as const;
		const { code, message } = codeOf(() => dlopen("libc.so.6", wrong));
		assert.equal(code, "ERR_FFI_TYPE");
		assert.match(message, /getpid.*no type int.*use one of i32, u32/);
		const buffer = { getpid: { args: [], returns: "buffer" as "pointer" } } as const;
		assert.equal(codeOf(() => dlopen("libc.so.6", buffer)).code, "ERR_FFI_TYPE");
		const argument = { abs: { args: ["void" as "i32"], returns: "i32" } } as const;
		assert.equal(codeOf(() => dlopen("libc.so.6", argument)).code, "ERR_FFI_TYPE");
	},

	"refuses calls after close, and closes twice": () => {
		const libc = dlopen("libc.so.6", { getpid: { args: [], returns: "i32" } });
		libc[Symbol.dispose]();
		libc.close();
		assert.equal(codeOf(() => libc.symbols.getpid()).code, "ERR_FFI_CLOSED");
	},

	"opens a library twice at once": () =>
		withLibc((outer) => {
			withLibc((inner) => assert.equal(inner.getpid(), outer.getpid()));
			assert.equal(outer.getpid(), process.pid);
		}),
};
