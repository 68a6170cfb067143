// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { describe, expect, it } from "vitest";
import { expand } from "./placeholders.ts";

const env = { SET: "value", EMPTY: "", PORT: "8080" };

describe("expand", () => {
	it.each([
		["plain", "plain", []],
		["${SET:default}", "value", ["SET"]],
		["${UNSET:default}", "default", []],
		["${EMPTY:default}", "default", []],
		["${UNSET:}", "", []],
		["${UNSET}", "", []],
		["${SET}", "value", ["SET"]],
		["${UNSET:localhost:11800}", "localhost:11800", []],
		["a-${SET:x}-${PORT:1}-${UNSET:z}", "a-value-8080-z", ["SET", "PORT"]],
		['${UNSET:"client.pem"}', "client.pem", []],
		["${UNSET:''}", "", []],
		["${UNSET:{{.Pod.Name}}}", "{{.Pod.Name}}", []],
		["${UNSET:${SET:x}}", "value", ["SET"]],
		["${UNSET:${EMPTY:y}}", "y", []],
		["$SET and {SET}", "$SET and {SET}", []],
	])("makes of %s: %s", (text, expected, from) => {
		expect(expand(text, env)).toEqual({ text: expected, from });
	});

	it.each([
		["${SET", "'${SET' has no closing brace"],
		["${NOT-A-NAME:x}", "'${NOT-A-NAME:x}' names no environment variable"],
		["${:x}", "'${:x}' names no environment variable"],
		["${UNSET:${1:x}}", "'${1:x}' names no environment variable"],
	])("refuses %s", (text, problem) => {
		expect(expand(text, env).problem).toBe(problem);
	});
});
