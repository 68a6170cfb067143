import { readFileSync } from "node:fs";
import { nearest } from "@wirescribe/filter/nearest";
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { type Environment, expand } from "./placeholders.ts";
import { type Position, type Problem, UnreadableError } from "./problem.ts";
import { readList, readText, type Setting, type SettingValue } from "./setting.ts";
import { SETTINGS } from "./settings.ts";
import { ONLY, WITHOUT_MEANING, type WithoutMeaning, withoutMeaning } from "./without-meaning.ts";

/** What a file says of one key. */
export interface FileEntry {
	readonly setting: Setting;
	readonly value: SettingValue;
	readonly at: Position;
	/** Environment variables whose values stand in it. */
	readonly from: readonly string[];
}

export interface ConfigFile {
	readonly entries: ReadonlyMap<string, FileEntry>;
	readonly warnings: readonly Problem[];
	readonly problems: readonly Problem[];
}

const BY_KEY: ReadonlyMap<string, Setting> = new Map(SETTINGS.map((setting) => [setting.key, setting]));
const ALL_KEYS: readonly string[] = [
	...BY_KEY.keys(),
	...Object.keys(ONLY),
	...WITHOUT_MEANING.flatMap(({ keys }) => keys),
];

/** The text of a configuration file. */
export function readConfigFile(file: string): string {
	try {
		return readFileSync(file, "utf8");
	} catch (error) {
		throw new UnreadableError(file, error as Error);
	}
}

/** Reads a configuration's text: what it says of each key, and everything that is wrong with it. */
export function parseConfigFile(file: string, text: string, environment: Environment): ConfigFile {
	return new Reader(file, text, environment).read();
}

class Reader {
	readonly #file: string;
	readonly #environment: Environment;
	readonly #lines = new LineCounter();
	readonly #document: Document;
	readonly #entries = new Map<string, FileEntry>();
	readonly #problems: Problem[] = [];
	readonly #idle = new Map<WithoutMeaning, { readonly at: Position; readonly keys: string[] }>();

	constructor(file: string, text: string, environment: Environment) {
		this.#file = file;
		this.#environment = environment;
		this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
	}

	read(): ConfigFile {
		const { contents, errors } = this.#document;
		for (const { message, pos } of errors) {
			this.#problems.push({ at: this.#position(pos[0]), message: message.split("\n", 1)[0] as string });
		}
		// What follows a break in the structure would be misread.
		if (errors.length === 0 && contents !== null) this.#section("", contents as Node);
		const warnings = [...this.#idle].map(([{ why }, { at, keys }]) => ({
			at,
			message: `${keys.join(", ")}: without meaning here: ${why}`,
		}));
		return { entries: this.#entries, warnings, problems: this.#problems };
	}

	#section(path: string, node: Node): void {
		const map = this.#resolve(node);
		if (isScalar(map) && map.value === null) return;
		if (!isMap(map)) {
			this.#problem(node, `${path === "" ? "a configuration" : `'${path}'`} takes keys, not ${kindOf(map)}`);
			return;
		}
		for (const { key, value } of map.items) {
			const name = isScalar(key) ? String(key.value) : "";
			this.#key(path === "" ? name : `${path}.${name}`, key as Node, value as Node | null);
		}
	}

	#key(path: string, key: Node, value: Node | null): void {
		const setting = BY_KEY.get(path);
		const idle = withoutMeaning(path);
		if (setting) {
			if (value !== null) this.#setting(setting, value, this.#position(key.range?.[0]));
		} else if (Object.hasOwn(ONLY, path)) this.#only(path, value);
		else if (idle) this.#withoutMeaning(idle, path, key);
		else if (ALL_KEYS.some((known) => known.startsWith(`${path}.`))) {
			if (value !== null) this.#section(path, value);
		} else this.#problem(key, `unknown key '${path}'${suggestion(path)}`);
	}

	#setting(setting: Setting, node: Node, at: Position): void {
		const { key, type } = setting;
		const value = this.#resolve(node);
		const from: string[] = [];
		let read: ReturnType<typeof readText>;
		if (type.kind === "list" && isSeq(value)) {
			const items = value.items.map((item) => this.#text(key, item as Node, from));
			if (items.includes(undefined)) return;
			read = readList(type, items as string[]);
		} else {
			const text = this.#text(key, value, from);
			// Nothing is the same as no key, but for a list: that can be meant to be empty.
			if (text === undefined || (text === "" && type.kind !== "list")) return;
			read = readText(type, text);
		}
		if ("problem" in read) this.#problem(node, `${key} ${read.problem}`);
		else this.#entries.set(key, { setting, value: read.value, at, from });
	}

	/** A key of which one value only can be honoured. */
	#only(path: string, node: Node | null): void {
		const value = node && this.#resolve(node);
		const text = isSeq(value) ? value.items.map(String).join(",") : value ? this.#text(path, value, []) : "";
		const { allows, otherwise } = ONLY[path] as (typeof ONLY)[string];
		if (text !== undefined && !allows.test(text)) this.#problem(node as Node, `${path} is '${text}': ${otherwise}`);
	}

	#withoutMeaning(row: WithoutMeaning, path: string, key: Node): void {
		const told = this.#idle.get(row);
		if (told) told.keys.push(path);
		else this.#idle.set(row, { at: this.#position(key.range?.[0]), keys: [path] });
	}

	/** A scalar's text with its placeholders filled in; undefined: it is none, which has been said. */
	#text(key: string, node: Node, from: string[]): string | undefined {
		const scalar = this.#resolve(node);
		if (!isScalar(scalar)) {
			this.#problem(node, `${key} takes a value, not ${kindOf(scalar)}`);
			return undefined;
		}
		// As it was written: 0x1F, 1e3 and ~ are not numbers and nulls where a name or a size is asked for.
		const written = scalar.value === null && scalar.source !== "~" ? "" : (scalar.source ?? String(scalar.value));
		const expansion = expand(written, this.#environment);
		if (expansion.problem) this.#problem(node, `${key}: ${expansion.problem}`);
		from.push(...expansion.from);
		return expansion.problem ? undefined : expansion.text;
	}

	#resolve(node: Node): Node {
		return (isAlias(node) ? node.resolve(this.#document) : undefined) ?? node;
	}

	#problem(node: Node, message: string): void {
		this.#problems.push({ at: this.#position(node.range?.[0]), message });
	}

	#position(offset = 0): Position {
		const { line, col } = this.#lines.linePos(offset);
		return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
	}
}

function kindOf(node: Node): string {
	return isMap(node) ? "a mapping" : isSeq(node) ? "a list" : "a value";
}

/** The nearest name at this place, else the same name elsewhere. */
function suggestion(path: string): string {
	const parts = path.split(".");
	const name = parts.pop() as string;
	const section = parts.length === 0 ? "" : `${parts.join(".")}.`;
	const here = ALL_KEYS.filter((key) => key.startsWith(section)).map((key) => key.slice(section.length).split(".")[0]);
	const near = nearest(name, here as string[]);
	if (near !== undefined) return `, did you mean '${near}'?`;
	const elsewhere = ALL_KEYS.find((key) => nearest(name, [key.split(".").at(-1) as string]) !== undefined);
	return elsewhere === undefined
		? ` (there are ${[...new Set(here)].join(", ") || "no keys here"})`
		: `, did you mean '${elsewhere}'?`;
}
