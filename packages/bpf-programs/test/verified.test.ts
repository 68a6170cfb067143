/** Every program is accepted by this machine's verifier, and on the kernel of the committed figures with exactly those. */
import { expect, test } from "vitest";
import { committed, differences, VARIANTS, verify } from "../tools/verified.ts";

test.each(VARIANTS)("the verifier accepts all programs, with the figures of before: %s", (variant) => {
	const now = verify(variant);
	const before = committed()[variant];
	expect(differences(before, now)).toEqual([]);
	expect(Object.keys(now.programs).length).toBeGreaterThan(30);
	for (const { verified, instructions } of Object.values(now.programs)) {
		expect(verified).toBeGreaterThan(0);
		expect(instructions).toBeGreaterThan(0);
	}
});

test("a changed figure shows on the same kernel only, a missing program everywhere", () => {
	const before = committed().ring;
	const programs = { ...before.programs, exit_read: { verified: 1, instructions: 2 } };
	expect(differences(before, { ...before, programs })).toEqual([
		expect.stringMatching(/^exit_read: verified \d+ -> 1, instructions \d+ -> 2$/),
	]);
	expect(differences(before, { ...before, kernel: "another", programs })).toEqual([]);
	const { exit_read: _, ...fewer } = before.programs;
	expect(differences(before, { ...before, kernel: "another", programs: fewer })).toEqual(["exit_read: gone"]);
	expect(differences({ ...before, programs: fewer }, before)).toEqual(["exit_read: new"]);
});
