import { compileGlob, MAX_PATTERN_LENGTH, type Pattern } from "@wirescribe/filter";
import { RE2JS } from "re2js";
import { JsonPath } from "./json-path.ts";
import { PathPattern } from "./path-pattern.ts";
import { SEGMENT_KINDS, type SegmentKind } from "./path-segments.ts";
import { PolicyError } from "./policy-error.ts";

/** Rules, compiled and by what they apply to. */
export interface RedactionRules {
	/** Names of headers, in lower case. */
	readonly headers: readonly Pattern[];
	/** Names in queries. */
	readonly query: readonly Pattern[];
	/** Names in forms. */
	readonly form: readonly Pattern[];
	readonly json: readonly JsonPath[];
	readonly paths: readonly PathPattern[];
	readonly segments: ReadonlySet<SegmentKind>;
	/** In every text: paths, hosts, header values, bodies. */
	readonly regexes: readonly RE2JS[];
}

const KINDS =
	"header:NAME, query:NAME, form:NAME, json:PATH, path:ids|emails|tokens|params, path:/A/*, regex:EXPRESSION";

/**
 * Reads rules such as `header:x-user-*`, `json:$.user.password`, `path:/reset/*` or `regex:[0-9]{13,16}`. Names are globs and match
 * in either case. Throws a {@link PolicyError}.
 */
export function parseRedaction(rules: readonly string[]): RedactionRules {
	const parsed = {
		headers: [] as Pattern[],
		query: [] as Pattern[],
		form: [] as Pattern[],
		json: [] as JsonPath[],
		paths: [] as PathPattern[],
		segments: new Set<SegmentKind>(),
		regexes: [] as RE2JS[],
	};
	for (const rule of rules) {
		const [, kind, value = ""] = /^(\w+):([\s\S]+)$/.exec(rule) ?? [];
		if (kind === "header") parsed.headers.push(nameGlob(rule, value));
		else if (kind === "query") parsed.query.push(nameGlob(rule, value));
		else if (kind === "form") parsed.form.push(nameGlob(rule, value));
		else if (kind === "json") parsed.json.push(new JsonPath(value));
		else if (kind === "regex") parsed.regexes.push(compileExpression(rule, value));
		else if (kind === "path" && SEGMENT_KINDS.includes(value as SegmentKind)) parsed.segments.add(value as SegmentKind);
		else if (kind === "path") parsed.paths.push(new PathPattern(value));
		else throw new PolicyError(`'${rule}' is no redaction rule: it takes ${KINDS}`);
	}
	return parsed;
}

/** A glob of names, which are asked for in lower case. A slash is nothing special in them. */
export function nameGlob(option: string, name: string): Pattern {
	if (name.length > MAX_PATTERN_LENGTH || /\s/.test(name)) {
		throw new PolicyError(
			`'${option}' names nothing: a name has no white space and at most ${MAX_PATTERN_LENGTH} characters`,
		);
	}
	return compileGlob(name.toLowerCase().replaceAll(/\*+/g, "**"));
}

function compileExpression(rule: string, source: string): RE2JS {
	if (source.length > MAX_PATTERN_LENGTH) {
		throw new PolicyError(
			`'${rule.slice(0, 40)}…' has ${source.length} characters, ${MAX_PATTERN_LENGTH} are the most`,
		);
	}
	try {
		return RE2JS.compile(source);
	} catch (error) {
		const why = (error as Error).message.replace(/^error parsing regexp: /, "");
		throw new PolicyError(`'${rule}' is no regular expression: ${why}`, { cause: error });
	}
}
