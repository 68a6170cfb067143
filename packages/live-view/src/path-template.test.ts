import { describe, expect, it } from "vitest";
import { pathTemplate } from "./path-template.ts";

describe("pathTemplate", () => {
	it.each([
		["/", "/"],
		["/orders", "/orders"],
		["/orders/4711", "/orders/{id}"],
		["/orders/4711/items?page=2", "/orders/{id}/items"],
		["/users/4c8d0f9e-3a51-4f0e-9b1a-0242ac120002/avatar.png", "/users/{id}/avatar.png"],
		["/blobs/da39a3ee5e6b4b0d3255bfef95601890afd80709", "/blobs/{id}"],
		["/reports/2026-11-29", "/reports/{id}"],
		["/reports/2026-11", "/reports/{id}"],
		["/s/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0", "/s/{id}"],
		["/api/v2/deadbeef", "/api/v2/deadbeef"],
		["/internationalisation-settings", "/internationalisation-settings"],
		["/%e6%b3%a8%e6%96%87", "/%e6%b3%a8%e6%96%87"],
		["*", "*"],
		["", ""],
	])("makes of %s %s", (path, template) => {
		expect(pathTemplate(path)).toBe(template);
	});

	it("ends paths that are too deep", () => {
		expect(pathTemplate("/a/b/c/d/e/f/g/h/i/j")).toBe("/a/b/c/d/e/f/g/h/…");
	});
});
