/**
 * A small expression language over the fields of an HTTP transaction: `status == 5xx and path ~ /api/**`.
 *
 * {@link compileFilter} checks a filter when it is read (fields, operators, units, patterns) and gives a predicate over records
 * of the JSON line's shape, or over anything a {@link FieldReader} can read. A filter's length and depth are bounded, patterns
 * are RE2's, so that no filter and no record makes it slow. Nothing is kept between calls; a filter may be used anywhere.
 *
 * @module
 */
export { type Expression, type Operator, printFilter, type Value } from "./expression.ts";
export { FIELDS, type Field, type FieldType, type FieldValue, findField, headerOf } from "./fields.ts";
export { compileFilter, type Filter } from "./filter.ts";
export { FilterError, type FilterErrorCode } from "./filter-error.ts";
export { MAX_FILTER_DEPTH, MAX_FILTER_LENGTH, parseFilter } from "./parse.ts";
export { compileGlob, compileRegex, MAX_PATTERN_LENGTH, type Pattern } from "./pattern.ts";
export { type FieldReader, readRecord } from "./record.ts";
