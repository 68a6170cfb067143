import { describe, test } from "vitest";
import { cases, threadCases } from "./contract.ts";

describe.each(["inline", "threads"] as const)("queue with placement %s", (placement) => {
	test.each(Object.entries(cases))("%s", (_, body) => body(placement));
});

describe("queue on threads", () => {
	test.each(Object.entries(threadCases))("%s", (_, body) => body());
});
