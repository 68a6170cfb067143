import fc from "fast-check";
import { expect, it } from "vitest";
import { pathTemplate } from "./path-template.ts";

it.each([
	["/", "/"],
	["", ""],
	["/orders", "/orders"],
	["/orders/", "/orders/"],
	["/v1/orders/8423/items?limit=5", "/v1/orders/{id}/items"],
	["/orders;jsessionid=A1B2/x", "/orders"],
	["/users/3fa85f64-5717-4562-b3fc-2c963f66afa6", "/users/{id}"],
	["/users/me@example.com/mail", "/users/{id}/mail"],
	["/static/main.3f2a1b.js", "/static/{id}"],
	["/oauth2/token", "/oauth2/token"],
	["/apis/apps/v1beta1/deployments", "/apis/apps/v1beta1/deployments"],
	["/.well-known/openid-configuration", "/.well-known/openid-configuration"],
	[`/t/${"a".repeat(33)}`, "/t/{id}"],
	["/caf%C3%A9", "/{id}"],
	["/a/b/c/d/e/f/g/h/i/j/k", "/a/b/c/d/e/f/g/h/..."],
	["/a/b/c/d/e/f/g/h", "/a/b/c/d/e/f/g/h"],
])("%s is %s", (path, template) => {
	expect(pathTemplate(path)).toBe(template);
});

it("is short and plain, whatever the path is, and a template of itself", () => {
	fc.assert(
		fc.property(fc.string({ unit: "binary" }), (path) => {
			const template = pathTemplate(path);
			expect(template.length).toBeLessThanOrEqual(9 * 33 + 4);
			expect(template).toMatch(/^[A-Za-z0-9._~{}/-]*$/);
		}),
	);
});
