import { expect, test } from "vitest";
import { ensureDebian, missingDebian } from "./debian.ts";

test("a package that no machine has is missing, one that every Debian has is not", async () => {
	expect(await missingDebian(["dpkg", "wirescribe-has-no-such-package"])).toEqual(["wirescribe-has-no-such-package"]);
});

test("nothing happens when nothing is missing", async () => {
	await expect(ensureDebian(["dpkg", "coreutils"])).resolves.toBeUndefined();
});
