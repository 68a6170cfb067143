import { test } from "vitest";
import { allCases } from "./all-cases.ts";

test.each(allCases.map(([name, body]) => ({ name, body })))("$name", ({ body }) => body());
