import { appendFileSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileIdentity } from "./file-identity.ts";
import { FileProbes, type TlsProbePoint } from "./file-probes.ts";
import { tlsStateText } from "./probe-text.ts";
import type { TlsFunction, TlsFunctions, TlsSite } from "./tls-functions.ts";

const site = (offset: number, atReturn: boolean, cost: TlsSite["cost"]): TlsSite => ({ offset, atReturn, cost });

/** One function with cheaper sites, one without. */
const LIBRARIES: readonly TlsFunctions[] = [
	{
		library: "openssl",
		functions: [
			{
				...{ name: "SSL_read", call: "read", offset: 100 },
				plain: { call: "read", entry: site(100, false, "stepped"), exits: [site(100, true, "stepped")] },
				inside: { call: "read", entry: site(122, false, "emulated"), exits: [site(156, false, "emulated")] },
			},
			{
				...{ name: "SSL_write", call: "write", offset: 200 },
				plain: { call: "write", entry: site(200, false, "emulated"), exits: [site(200, true, "emulated")] },
				inside: undefined,
			},
		],
	},
];

/** Takes the kernel's place: what is attached, in order, and what trials have shown. */
class Kernel {
	readonly sets: TlsProbePoint[][] = [];
	readonly results = new Map<number, { passed: number; failed: number }>();
	begun = 0;
	refuses = false;

	readonly attach = (_path: string, points: readonly TlsProbePoint[]): Disposable => {
		if (this.refuses) throw new Error("refused");
		const set = [...points];
		this.sets.push(set);
		return { [Symbol.dispose]: () => this.sets.splice(this.sets.indexOf(set), 1) };
	};

	readonly trials = {
		begin: (): number => ++this.begun,
		result: (trial: number) => this.results.get(trial) ?? { passed: 0, failed: 0 },
	};

	/** What is attached, as "program@offset". */
	get now(): string[] {
		return this.sets.flat().map(({ program, offset, atReturn }) => `${program}@${offset}${atReturn ? "^" : ""}`);
	}
}

const PLAIN = ["exit_tls@100^", "exit_tls@200^", "enter_tls@100", "enter_tls@200"];
const ON_TRIAL = [...PLAIN, "try_tls_exit@156", "try_tls_entry@122"];
const INSIDE = ["exit_tls@156", "exit_tls@200^", "enter_tls@122", "enter_tls@200"];

let folder: string;
let file: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), "wirescribe-file-"));
	file = join(folder, "library");
	copyFileSync(import.meta.filename, file);
});
afterEach(() => rmSync(folder, { recursive: true }));

function onTrial(): { kernel: Kernel; probes: FileProbes } {
	const kernel = new Kernel();
	const probes = new FileProbes(fileIdentity(file) as string, LIBRARIES, kernel);
	probes.attach([file]);
	expect(kernel.now).toEqual(ON_TRIAL);
	return { kernel, probes };
}

test("a function moves to its cheaper sites when enough calls have shown the same there", () => {
	const { kernel, probes } = onTrial();
	kernel.results.set(1, { passed: 15, failed: 0 });
	probes.review();
	expect(kernel.now).toEqual(ON_TRIAL);
	kernel.results.set(1, { passed: 16, failed: 0 });
	probes.review();
	expect(kernel.now).toEqual(INSIDE);
	expect(probes.states.map(tlsStateText)).toEqual([
		expect.stringMatching(/^SSL_read at \+22 .*, leaving at \+56 .*, tried$/),
		expect.stringMatching(/^SSL_write at \+0 .*, leaving at its return/),
	]);
	// What was learnt stays while the file does.
	probes.release();
	expect(kernel.now).toEqual([]);
	probes.attach([file]);
	expect(kernel.now).toEqual(INSIDE);
	expect(kernel.begun).toBe(1);
});

test("one call that shows something else ends the trial for good", () => {
	const { kernel, probes } = onTrial();
	kernel.results.set(1, { passed: 1000, failed: 1 });
	probes.review();
	expect(kernel.now).toEqual(PLAIN);
	expect(probes.states[0]?.stage).toBe("failed");
	probes.review();
	expect(kernel.sets).toHaveLength(1);
});

test("the new probes are there before the old ones go; when they are refused the old ones stay", () => {
	const { kernel, probes } = onTrial();
	const old = kernel.sets[0];
	kernel.results.set(1, { passed: 16, failed: 0 });
	kernel.refuses = true;
	probes.review();
	expect(kernel.sets).toEqual([old]);
	kernel.refuses = false;
	const released: number[] = [];
	const watching = new FileProbes(fileIdentity(file) as string, LIBRARIES, {
		...{ attach: kernel.attach, trials: kernel.trials },
		release: () => released.push(kernel.sets.length),
	});
	watching.attach([file]);
	kernel.results.set(kernel.begun, { passed: 16, failed: 0 });
	watching.review();
	expect(released).toEqual([3]);
});

test("nothing is attached to another file that has come to the same path", () => {
	const { kernel, probes } = onTrial();
	kernel.results.set(1, { passed: 16, failed: 0 });
	appendFileSync(file, "changed");
	probes.review();
	expect(kernel.now).toEqual(ON_TRIAL);
	probes.reachBy([file, import.meta.filename]);
	probes.review();
	expect(kernel.now).toEqual(ON_TRIAL);
});

test("functions that share a site share its trial and its probes", () => {
	const inside = { call: "read_ex", entry: site(50, false, "emulated"), exits: [site(50, true, "emulated")] } as const;
	const [read, write] = LIBRARIES[0]!.functions as [TlsFunction, TlsFunction];
	const plain = { call: "read_ex", entry: site(300, false, "stepped"), exits: [site(300, true, "stepped")] } as const;
	const other = { name: "SSL_read_ex", call: "read_ex", offset: 300, plain, inside } as const;
	const kernel = new Kernel();
	const pair = [{ library: "openssl", functions: [{ ...read, inside }, other, write] }] as const;
	const probes = new FileProbes(fileIdentity(file) as string, pair, kernel);
	probes.attach([file]);
	expect(kernel.begun).toBe(1);
	expect(kernel.now.filter((point) => point.startsWith("try"))).toEqual(["try_tls_exit@50^", "try_tls_entry@50"]);
	const shapes = kernel.sets.flat().map(({ program, offset, call }) => `${program}@${offset} ${call}`);
	expect(shapes).toContain("enter_tls@100 read");
	expect(shapes).toContain("try_tls_entry@50 read_ex");
	kernel.results.set(1, { passed: 16, failed: 0 });
	probes.review();
	expect(kernel.now).toEqual(["exit_tls@50^", "exit_tls@200^", "enter_tls@50", "enter_tls@200"]);
});

test("without trials a function is watched where it is certain", () => {
	const { attach, sets } = new Kernel();
	const probes = new FileProbes(fileIdentity(file) as string, LIBRARIES, { attach });
	probes.attach([file]);
	expect(sets.flat().map(({ program }) => program)).toEqual(["exit_tls", "exit_tls", "enter_tls", "enter_tls"]);
	probes.review();
	expect(sets).toHaveLength(1);
});
