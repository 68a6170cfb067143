import { createDataPolicy, type DataPolicyOptions, LIMIT_SCOPES, type RateLimit } from "@wirescribe/data-policy";
import { FilterError } from "@wirescribe/filter";
import { CliError, EXIT } from "./errors.ts";
import { byteSize, type OptionSpecs, type ParsedArguments, stringList, text, usageError } from "./options.ts";

/** What of each transaction leaves the partition that has read it. */
export const POLICY_SPECS: OptionSpecs = {
	filter: { type: "string", value: "EXPR", help: "only these requests: 'status == 5xx and path ~ /api/**'" },
	headers: {
		type: "string",
		multiple: true,
		value: "NAME…",
		help: "log these headers, also '*'; cookies, authorization and the like are masked unless named exactly",
	},
	"body-prefix": { type: "string", value: "BYTES", help: "log the beginnings of bodies: JSON and forms, 1 to 64KB" },
	"body-types": { type: "string", multiple: true, value: "TYPE…", help: "bodies of these types instead: 'text/*'" },
	redact: {
		type: "string",
		multiple: true,
		value: "RULE",
		help: "mask more: header:NAME, query:NAME, form:NAME, json:PATH, path:ids|emails|tokens|params, path:/A/*, regex:EXPR",
	},
	"query-allow": { type: "string", multiple: true, value: "NAME…", help: "show the values of these query names" },
	sample: { type: "string", value: "RATIO", help: "log this part, 0.1 or 10%, whole traces; errors always" },
	"sample-rule": {
		type: "string",
		multiple: true,
		value: "EXPR=RATIO",
		help: "another part of these: 'path ~ /health=0'; the first rule that matches decides",
	},
	"sample-errors": { type: "boolean", help: "sample errors like the rest: 5xx, and requests without an answer" },
	"rate-limit": {
		type: "string",
		multiple: true,
		value: "N[/endpoint|/process]",
		help: "log so many a second at most, in all or of each",
	},
};

export function parsePolicy(command: string, parsed: ParsedArguments): DataPolicyOptions {
	const filter = text(parsed, "filter");
	const redact = verbatim(parsed, "redact");
	const sampling = parseSampling(command, parsed);
	const options: DataPolicyOptions = {
		...(filter === undefined ? {} : { filter }),
		headers: stringList(parsed, "headers"),
		...parseBodies(command, parsed),
		redact,
		queryValues: parsed.values["query-values"] === true,
		queryAllow: stringList(parsed, "query-allow"),
		...(sampling ? { sampling } : {}),
		rateLimits: verbatim(parsed, "rate-limit").map((limit) => parseLimit(command, limit)),
	};
	if (filter !== undefined) check("filter", { filter });
	for (const rule of sampling?.rules ?? []) check("sample-rule", { sampling: { rules: [rule] } });
	for (const rule of redact) check("redact", { redact: [rule] });
	for (const name of ["headers", "query-allow", "body-types"]) checkNames(name, stringList(parsed, name));
	return options;
}

function parseBodies(command: string, parsed: ParsedArguments): Pick<DataPolicyOptions, "bodies"> {
	const prefix = text(parsed, "body-prefix");
	const types = stringList(parsed, "body-types");
	if (prefix === undefined) {
		if (types.length > 0) throw usageError(command, "--body-types needs --body-prefix BYTES");
		return {};
	}
	const prefixBytes = byteSize(command, "body-prefix", prefix, 1, 64 << 10);
	return { bodies: { prefixBytes, ...(types.length > 0 ? { types } : {}) } };
}

function parseSampling(command: string, parsed: ParsedArguments): DataPolicyOptions["sampling"] {
	const ratio = text(parsed, "sample");
	const rules = verbatim(parsed, "sample-rule").map((rule) => {
		// The filter has signs of equality of its own.
		const at = rule.lastIndexOf("=");
		if (at === -1) throw usageError(command, `--sample-rule takes EXPR=RATIO, not '${rule}'`);
		return { filter: rule.slice(0, at), ratio: parseRatio(command, "sample-rule", rule.slice(at + 1)) };
	});
	const errors = parsed.values["sample-errors"] === true;
	if (ratio === undefined && rules.length === 0) {
		if (errors) throw usageError(command, "--sample-errors needs --sample RATIO or --sample-rule EXPR=RATIO");
		return undefined;
	}
	return { ratio: ratio === undefined ? 1 : parseRatio(command, "sample", ratio), rules, errors };
}

function parseRatio(command: string, option: string, value: string): number {
	const [, digits, percent] = /^\s*(\d+(?:\.\d+)?)\s*(%?)\s*$/.exec(value) ?? [];
	const ratio = Number(digits) / (percent ? 100 : 1);
	if (ratio >= 0 && ratio <= 1) return ratio;
	throw usageError(command, `--${option} takes a part of all, such as 0.1 or 10%, not '${value.trim()}'`);
}

function parseLimit(command: string, limit: string): RateLimit {
	const [, digits, per = "all"] = /^(\d+(?:\.\d+)?)(?:\/(\w+))?$/.exec(limit) ?? [];
	const scope = LIMIT_SCOPES.find((one) => one === per);
	const perSecond = Number(digits);
	if (scope && perSecond > 0) return { perSecond, per: scope };
	throw usageError(command, `--rate-limit takes N, N/endpoint or N/process, N above 0; not '${limit}'`);
}

/** Values as they are: commas belong to them. */
function verbatim(parsed: ParsedArguments, name: string): string[] {
	const value = parsed.values[name];
	return Array.isArray(value) ? value.map(String) : [];
}

function checkNames(option: string, names: readonly string[]): void {
	for (const name of names) check(option, { queryAllow: [name] });
}

/** Compiles it once, here, where somebody can still be told. */
function check(option: string, options: DataPolicyOptions): void {
	try {
		createDataPolicy(options);
	} catch (error) {
		if (error instanceof FilterError) {
			const excerpt = error.message.slice(error.summary.length + 1);
			throw new CliError(`--${option}: ${error.summary}`, EXIT.usage, { cause: error, excerpt });
		}
		throw new CliError(`--${option}: ${(error as Error).message}`, EXIT.usage, { cause: error });
	}
}
