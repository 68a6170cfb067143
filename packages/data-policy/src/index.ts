/**
 * What of an HTTP transaction may leave the thread that has read it.
 *
 * {@link createDataPolicy} compiles options (plain data) to a {@link DataPolicy}, which says of each transaction why it is left out
 * (filter, sample, rate limit) or gives the record that may leave: paths redacted, and those headers and beginnings of bodies that
 * were asked for. By default there is no policy, and nothing to be done. Secrets are masked by what they are called, where they stand
 * and what they look like; each rule takes time linear in the text. One policy belongs to one partition; it keeps no transaction.
 *
 * @module
 */
export { DEFAULT_BODY_TYPES, MARGIN_BYTES } from "./body-redactor.ts";
export { createDataPolicy, DataPolicy } from "./data-policy.ts";
export { type DataPolicyOptions, MAX_PREFIX_BYTES } from "./options.ts";
export { PolicyError } from "./policy-error.ts";
export type { Protection } from "./protection.ts";
export { LIMIT_SCOPES, type LimitScope, type RateLimit } from "./rate-limiter.ts";
export { sampleFraction } from "./sampler.ts";
export { isSensitiveField, isSensitiveHeader } from "./sensitive.ts";
export { type JudgedTransaction, transactionField } from "./transaction-field.ts";
