/** Every case, by name: what each runtime runs. */
import { cases, threadCases } from "./contract.ts";
import { policyCases } from "./policy-cases.ts";
import { sharedCases } from "./shared-cases.ts";

export const allCases: readonly (readonly [name: string, body: () => Promise<void>])[] = [
	...(["inline", "threads"] as const).flatMap((placement) =>
		Object.entries({ ...cases, ...policyCases }).map(
			([name, body]) => [`${placement}: ${name}`, () => body(placement)] as const,
		),
	),
	...Object.entries(threadCases),
	...Object.entries(sharedCases).map(([name, body]) => [`shared: ${name}`, body] as const),
];
