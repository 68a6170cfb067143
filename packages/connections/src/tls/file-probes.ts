import { fileIdentity } from "./file-identity.ts";
import type { TlsCall, TlsFunction, TlsFunctions, TlsSite, TlsSites } from "./tls-functions.ts";

/** What runs at a place; the names are those of the programs in `@wirescribe/bpf-programs`. */
export type TlsProgram = "enter_tls" | "exit_tls" | "try_tls_entry" | "try_tls_exit" | "enter_go_tls" | "exit_go_tls";

/** One program at one place of a file: what the owner of the programs is asked to attach. */
export interface TlsProbePoint {
	readonly program: TlsProgram;
	readonly call: TlsCall;
	/** Bytes from the start of the file. */
	readonly offset: number;
	readonly atReturn: boolean;
	/** Of the trial that this place is part of; 0: none. */
	readonly trial: number;
}

/** Who has the programs. */
export interface TlsProbeOwner {
	/** Attaches programs to places of a file, in whatever process it runs: all of them, or it throws. */
	readonly attach: (path: string, points: readonly TlsProbePoint[]) => Disposable;
	/** Lets go of probes nobody needs any more. The kernel takes about 0.1 s for each link: better not on a thread that drains. */
	readonly release?: (probes: readonly Disposable[]) => void;
	/** Tells whether calls have shown the same at a function's other sites. Without it those are not used. */
	readonly trials?: {
		readonly begin: () => number;
		readonly result: (trial: number) => { readonly passed: number; readonly failed: number };
	};
}

/** Where a function is watched: at its start and return; there, with sites inside it on trial, or failed; at those only. */
export type TlsProbeStage = "plain" | "trial" | "failed" | "inside";

/** A function and where it is watched. */
export interface TlsProbeState {
	readonly name: string;
	/** Where it begins, in bytes from the start of the file. */
	readonly offset: number;
	readonly stage: TlsProbeStage;
	readonly sites: TlsSites;
}

/** Calls that must have shown the same before a site is trusted. */
const ENOUGH_CALLS = 16;

/** A function, where it is watched, and the number of its trial (0: none). */
interface Watched {
	readonly target: TlsFunction;
	readonly isGo: boolean;
	readonly stage: TlsProbeStage;
	readonly trial: number;
}

/** The probes on the functions of one file. */
export class FileProbes {
	readonly #owner: TlsProbeOwner;
	readonly #identity: string;
	#functions: readonly Watched[];
	#attached: Disposable | undefined;
	#reach: readonly string[] = [];

	/** Of the file with this {@linkcode fileIdentity}. */
	constructor(identity: string, libraries: readonly TlsFunctions[], owner: TlsProbeOwner) {
		this.#identity = identity;
		this.#owner = owner;
		this.#functions = libraries.flatMap(({ library, functions }) =>
			functions.map((target): Watched => {
				const stage = target.inside !== undefined && owner.trials !== undefined ? "trial" : "plain";
				return { target, isGo: library === "go", stage, trial: 0 };
			}),
		);
	}

	get isAttached(): boolean {
		return this.#attached !== undefined;
	}

	get states(): TlsProbeState[] {
		return this.#functions.map(({ target, stage }) => ({
			...{ name: target.name, offset: target.offset, stage, sites: sitesOf(target, stage) },
		}));
	}

	/** All functions of the file or none, by one of these paths; what has been learnt of sites before stays. */
	attach(reach: readonly string[]): void {
		this.#reach = reach;
		this.#exchange(this.#functions);
	}

	/** Other ways to the file, for when those that led to it are gone. */
	reachBy(reach: readonly string[]): void {
		this.#reach = reach;
	}

	/** Looks at the trials, and moves functions to their other sites, or gives those up. */
	review(): void {
		const { trials } = this.#owner;
		if (trials === undefined || this.#attached === undefined) return;
		const next = this.#functions.map((one): Watched => {
			if (one.stage !== "trial") return one;
			const { passed, failed } = trials.result(one.trial);
			if (failed > 0) return { ...one, stage: "failed", trial: 0 };
			return passed >= ENOUGH_CALLS ? { ...one, stage: "inside", trial: 0 } : one;
		});
		if (next.every(({ stage }, index) => stage === this.#functions[index]?.stage)) return;
		try {
			this.#exchange(next);
		} catch {
			// What is attached stays.
		}
	}

	release(): void {
		this.#release();
		this.#attached = undefined;
	}

	/**
	 * New probes are there before the old ones go, and the programs count a call that passes both once. A trial that goes on begins
	 * anew, since calls would pass its old sites, too. Nothing changes when no path leads to the file any more: the process is gone.
	 */
	#exchange(functions: readonly Watched[]): void {
		const next = this.#withTrials(functions);
		const attached = this.#attach(unique(next.flatMap(pointsOf)).sort(byOrder));
		if (attached === undefined) return;
		this.#release();
		this.#attached = attached;
		this.#functions = next;
	}

	/** Functions that share a site share its trial. */
	#withTrials(functions: readonly Watched[]): Watched[] {
		const { trials } = this.#owner;
		const bySite = new Map<number | undefined, number>();
		return functions.map((one) => {
			if (one.stage !== "trial" || trials === undefined) return one;
			const site = one.target.inside?.entry.offset;
			const trial = bySite.get(site) ?? trials.begin();
			bySite.set(site, trial);
			return { ...one, trial };
		});
	}

	/** Undefined when no path leads to the file; throws when the last one that does refuses. */
	#attach(points: readonly TlsProbePoint[]): Disposable | undefined {
		let refused: unknown;
		for (const path of this.#reach) {
			// A pid may be another process's by now, and its path another file.
			if (fileIdentity(path) !== this.#identity) continue;
			try {
				return this.#owner.attach(path, points);
			} catch (error) {
				refused = error;
			}
		}
		if (refused !== undefined) throw refused;
		return undefined;
	}

	#release(): void {
		if (this.#attached === undefined) return;
		if (this.#owner.release) this.#owner.release([this.#attached]);
		else this.#attached[Symbol.dispose]();
	}
}

function sitesOf({ plain, inside }: TlsFunction, stage: TlsProbeStage): TlsSites {
	return stage === "inside" && inside !== undefined ? inside : plain;
}

/** Exits before entries, so that a call that is entered will be seen leaving; then what is on trial. */
const ORDER: readonly TlsProgram[] = [
	...(["exit_tls", "exit_go_tls", "enter_tls", "enter_go_tls", "try_tls_exit", "try_tls_entry"] as const),
];

const byOrder = (a: TlsProbePoint, b: TlsProbePoint): number => ORDER.indexOf(a.program) - ORDER.indexOf(b.program);

/** Each place of a program once: functions may share it. */
function unique(points: readonly TlsProbePoint[]): TlsProbePoint[] {
	const byPlace = new Map(points.map((point) => [`${point.program} ${point.offset} ${point.atReturn}`, point]));
	return [...byPlace.values()];
}

function pointsOf({ target, isGo, stage, trial }: Watched): TlsProbePoint[] {
	const sites = sitesOf(target, stage);
	const point = (program: TlsProgram, { offset, atReturn }: TlsSite, call: TlsCall = sites.call): TlsProbePoint => ({
		...{ program, call, offset, atReturn, trial },
	});
	const { entry, exits } = sites;
	const points = [
		...exits.map((site) => point(isGo ? "exit_go_tls" : "exit_tls", site)),
		point(isGo ? "enter_go_tls" : "enter_tls", entry),
	];
	if (trial === 0 || target.inside === undefined) return points;
	const { inside } = target;
	return [
		...points,
		...inside.exits.map((site) => point("try_tls_exit", site, inside.call)),
		point("try_tls_entry", inside.entry, inside.call),
	];
}
