import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "vitest";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test("the generated code is what the schema gives", () => {
	execFileSync(process.execPath, [join(root, "tools", "generate.ts"), "--check"], { encoding: "utf8" });
});
