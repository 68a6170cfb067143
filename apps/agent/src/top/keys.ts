import type { Key } from "node:readline";

const NAMES: Readonly<Record<string, string>> = { return: "enter", enter: "enter" };
const NAMED: ReadonlySet<string> = new Set([
	...["up", "down", "left", "right", "pageup", "pagedown", "home", "end"],
	...["enter", "escape", "tab", "backspace", "space"],
]);

/** What the view calls a key that readline has decoded; undefined: one that nobody waits for. */
export function keyName(typed: string | undefined, key: Key): string | undefined {
	const name = NAMES[key.name ?? ""] ?? key.name;
	if (key.ctrl) return name === undefined ? undefined : `ctrl-${name}`;
	if (key.shift && (name === "left" || name === "right")) return `shift-${name}`;
	if (name !== undefined && NAMED.has(name)) return name;
	// With Alt, or of a sequence that is not known: no text.
	if (key.meta || typed === undefined) return undefined;
	return /^[\p{Cc}]/u.test(typed) ? undefined : typed;
}
