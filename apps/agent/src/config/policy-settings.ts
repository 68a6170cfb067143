import type { Setting } from "./setting.ts";

const list = (of: string): Setting["type"] => ({ kind: "list", of });

/** The keys of the data policy: what of each transaction leaves the partition that has read it. See docs/data-policy.md. */
export const POLICY_SETTINGS: readonly Setting[] = [
	{
		key: "policy.filter",
		option: "filter",
		type: { kind: "text" },
		default: "",
		about: "Only requests for which this holds: `status == 5xx and path ~ /api/**` (docs/filters.md).",
		reload: "live",
	},
	{
		key: "policy.headers",
		option: "headers",
		type: list("names"),
		default: "",
		about: "Log these headers, `*` for all; cookies, authorization and the like are masked unless named exactly.",
		reload: "live",
	},
	{
		key: "policy.body.prefix",
		option: "body-prefix",
		type: { kind: "size", min: 1, max: 64 << 10 },
		default: "",
		about: "Log the beginnings of bodies, JSON and forms, so many bytes, as far as they were captured.",
		reload: "live",
	},
	{
		key: "policy.body.types",
		option: "body-types",
		type: list("types"),
		default: "",
		about: "Bodies of these types instead: `text/*`.",
		reload: "live",
	},
	{
		key: "policy.redact",
		option: "redact",
		type: { kind: "list", of: "rules", whole: true },
		default: "",
		about: "Mask more: `header:NAME`, `query:NAME`, `form:NAME`, `json:PATH`, `path:ids`, `path:/A/*`, `regex:EXPR`.",
		reload: "live",
	},
	{
		key: "policy.query_allow",
		option: "query-allow",
		type: list("names"),
		default: "",
		about: "Show the values of these query names.",
		reload: "live",
	},
	{
		key: "policy.sample.ratio",
		option: "sample",
		type: { kind: "text" },
		default: "1",
		about: "Log this part, `0.1` or `10%`: whole traces, and always errors.",
		reload: "live",
	},
	{
		key: "policy.sample.rules",
		option: "sample-rule",
		type: { kind: "list", of: "EXPR=RATIO", whole: true },
		default: "",
		about: "Another part of these: `path ~ /health=0`. The first rule that matches decides.",
		reload: "live",
	},
	{
		key: "policy.sample.errors",
		option: "sample-errors",
		type: { kind: "boolean" },
		default: "false",
		about: "Sample errors like the rest: 5xx, and requests without an answer.",
		reload: "live",
	},
	{
		key: "policy.rate_limits",
		option: "rate-limit",
		type: list("N[/endpoint|/process]"),
		default: "",
		about: "Log so many a second at most, in all or of each.",
		reload: "live",
	},
];
