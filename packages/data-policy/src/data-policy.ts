import type {
	LeftOutReason,
	MessageContent,
	SeenContent,
	SeenMessage,
	Transaction,
	TransactionPolicy,
} from "@wirescribe/access-log";
import { compileFilter, type Filter } from "@wirescribe/filter";
import { BodyRedactor, DEFAULT_BODY_TYPES, MARGIN_BYTES } from "./body-redactor.ts";
import { HeaderRedactor } from "./header-redactor.ts";
import { type DataPolicyOptions, MAX_PREFIX_BYTES } from "./options.ts";
import { PolicyError } from "./policy-error.ts";
import { type Protection, Protector } from "./protection.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { nameGlob, parseRedaction } from "./redaction-rules.ts";
import { Sampler, sampleFraction } from "./sampler.ts";
import { TextRedactor } from "./text-redactor.ts";
import { type JudgedTransaction, transactionField } from "./transaction-field.ts";

/**
 * What of each transaction leaves the partition: filter, sample, rate limit, then redaction; and what is left
 * out to keep a budget, if that is asked for. One for each partition; it reads no
 * clock and looks nothing up.
 */
export class DataPolicy implements TransactionPolicy {
	readonly wants: { readonly bodyBytes: number } | undefined;
	/** Queries come out of it as they may be shown: whoever writes the path masks nothing any more. */
	readonly judgesQueries: boolean;
	readonly #filter: Filter<JudgedTransaction> | undefined;
	readonly #sampler: Sampler | undefined;
	readonly #limiters: readonly RateLimiter[];
	readonly #text: TextRedactor;
	readonly #headers: HeaderRedactor | undefined;
	readonly #bodies: BodyRedactor | undefined;
	readonly #shares: number;
	#protector: Protector | undefined;

	/** See {@link createDataPolicy}. */
	constructor(options: DataPolicyOptions, shares: number) {
		const { filter, sampling, rateLimits = [], headers = [], bodies, redact = [] } = options;
		const rules = parseRedaction(redact);
		this.#shares = shares;
		this.#filter = filter === undefined ? undefined : compileFilter(filter, transactionField);
		const sampled = (sampling?.rules ?? []).map(({ filter, ratio }) => ({
			filter: compileFilter(filter, transactionField),
			ratio: checkRatio(ratio),
		}));
		this.#sampler = sampling && new Sampler(checkRatio(sampling.ratio ?? 1), sampled, sampling.errors ?? false);
		this.#limiters = rateLimits.map((limit) => new RateLimiter(limit, shares));
		const allow = (options.queryAllow ?? []).map((name) => nameGlob(name, name));
		this.#text = new TextRedactor(rules, { values: options.queryValues ?? false, allow });
		this.judgesQueries = this.#text.judgesQueries;
		if (headers.length > 0) this.#headers = new HeaderRedactor(headers, rules.headers, this.#text);
		if (bodies) {
			this.#bodies = new BodyRedactor(checkPrefix(bodies.prefixBytes), bodies.types ?? DEFAULT_BODY_TYPES, rules);
		}
		const asked = [this.#filter, ...sampled.map(({ filter }) => filter)];
		const needsContent = asked.some((one) => one && [...one.fields].some(isContent));
		const bodyBytes = bodies ? bodies.prefixBytes + MARGIN_BYTES : 0;
		this.wants = this.#headers || bodies || needsContent ? { bodyBytes } : undefined;
	}

	apply(transaction: Transaction, seen: SeenContent | undefined): Transaction | LeftOutReason {
		const judged = { transaction, seen };
		if (this.#filter && !this.#filter.matches(judged)) return "filtered";
		const sampledOut = this.#sampledOut(judged);
		if (sampledOut) return sampledOut;
		for (const limiter of this.#limiters) if (!limiter.takes(transaction)) return "rate-limited";
		if (this.#protector && !this.#protector.takes(transaction)) return "protection-shed";
		return this.#redacted(transaction, seen);
	}

	/** Leaves out more than the options say, from now on, or (undefined) no more than they do. */
	protect(protection: Protection | undefined): void {
		this.#protector = protection && new Protector(protection, this.#shares);
	}

	/** What is sampled on top of the policy's own sample is a part of that. */
	#sampledOut(judged: JudgedTransaction): LeftOutReason | undefined {
		const { transaction } = judged;
		const ratio = this.#sampler?.ratioOf(judged) ?? 1;
		const kept = ratio * (this.#protector?.ratioOf(transaction) ?? 1);
		if (kept >= 1) return undefined;
		const fraction = sampleFraction(transaction);
		if (fraction < 1 - ratio) return "sampled";
		return fraction < 1 - kept ? "protection-sample" : undefined;
	}

	/** A path as it may leave; its query only where {@link judgesQueries}. */
	redactedPath(path: string): string {
		return this.#text.isIdle ? path : this.#text.path(path);
	}

	#redacted(transaction: Transaction, seen: SeenContent | undefined): Transaction {
		const content = seen && (this.#headers || this.#bodies) && this.#content(seen);
		if (this.#text.isIdle) return content ? { ...transaction, content } : transaction;
		const path = this.#text.path(transaction.path);
		const host = transaction.host === null ? null : this.#text.text(transaction.host);
		// The target says the same again, so it says the path.
		return { ...transaction, path, target: path, host, ...(content ? { content } : {}) };
	}

	#content({ request, response }: SeenContent): NonNullable<Transaction["content"]> {
		return { request: request && this.#message(request), response: response && this.#message(response) };
	}

	#message(seen: SeenMessage): MessageContent {
		const body = this.#bodies?.redact(seen);
		return {
			headers: this.#headers?.redact(seen.headers) ?? [],
			body: body?.text,
			bodyCut: body?.cut ?? false,
		};
	}
}

/**
 * The policy of these options; undefined when they ask for nothing that the default record is not: then there is nothing to be done
 * for a transaction. `shares`: how many partitions share the rate limits. Throws a {@link PolicyError}, or a `FilterError` for a filter.
 */
export function createDataPolicy(options: DataPolicyOptions, shares: number = 1): DataPolicy | undefined {
	const { queryValues, ...others } = options;
	const asks = Object.values(others).some((one) => (Array.isArray(one) ? one.length > 0 : one !== undefined));
	// That alone is for who writes the path.
	return asks ? new DataPolicy(options, shares) : undefined;
}

function isContent(field: string): boolean {
	return field.includes(".headers.") || field.endsWith(".body");
}

function checkRatio(ratio: number): number {
	if (ratio >= 0 && ratio <= 1) return ratio;
	throw new PolicyError(`${ratio} is no ratio: it is 0 to 1, 0.1 for every tenth`);
}

function checkPrefix(bytes: number): number {
	if (Number.isInteger(bytes) && bytes >= 1 && bytes <= MAX_PREFIX_BYTES) return bytes;
	throw new PolicyError(`a body's beginning is 1 to ${MAX_PREFIX_BYTES} bytes, not ${bytes}`);
}
