import { expect, test } from "vitest";
import { withVersion } from "./with-version.ts";

test("a deno.json's own version, and no other", () => {
	const text = '{\n  "name": "a",\n  "version": "0.1.0",\n  "imports": {\n    "version": "npm:version@0.1.0"\n  }\n}\n';
	expect(withVersion(text, "json", "1.0.0")).toBe(text.replace('"version": "0.1.0"', '"version": "1.0.0"'));
});

test("a chart's version and that of the image", () => {
	const text = 'apiVersion: v2\nversion: 0.1.0\nappVersion: 0.1.0\nkubeVersion: ">=1.30.0-0"\n';
	expect(withVersion(text, "chart", "1.0.0-rc.1")).toBe(text.replaceAll("0.1.0", "1.0.0-rc.1"));
});

test("a file without a version is an error", () => {
	expect(() => withVersion("{}", "json", "1.0.0")).toThrow(/the json file has none/);
});
