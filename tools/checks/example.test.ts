import { expect, test } from "vitest";
import { exampleOf } from "./example.ts";

test("the block under the heading is the example", () => {
	const readme =
		"# a\n\n```ts\nno();\n```\n\n## Example\n\nIt runs:\n\n```ts\nyes();\n```\n\n## More\n\n```ts\nno();\n```\n";
	expect(exampleOf(readme)).toBe("yes();\n");
	expect(exampleOf("## Example\n\n```ts\nlast();\n```")).toBe("last();\n");
});

test("a README without the heading or the block has none", () => {
	expect(exampleOf("# a\n\n```ts\nno();\n```\n")).toBeUndefined();
	expect(exampleOf("## Example\n\ntext\n\n## More\n\n```ts\nno();\n```\n")).toBeUndefined();
	expect(exampleOf("## Example\n\n```sh\nno\n```\n")).toBeUndefined();
});
