import { type Expression, FIELDS, type FieldType, type Operator, type Value } from "@wirescribe/filter";
import fc from "fast-check";

const COMPARISONS: readonly Operator[] = ["==", "!=", "<", "<=", ">", ">="];

const text: fc.Arbitrary<Value> = fc.string({ unit: "binary", maxLength: 12 }).map((text) => ({ kind: "text", text }));
const glob: fc.Arbitrary<Value> = fc
	.string({ unit: fc.constantFrom("a", "/", "*", "**", "?", "\\", ".", "(", '"'), maxLength: 8 })
	.map((text) => ({ kind: "text", text }));
const regex: fc.Arbitrary<Value> = fc
	.constantFrom("^/users/\\d+$", '"', "a|b", "(a+)+$", "[^/]*", "")
	.map((text) => ({ kind: "text", text }));
const number: fc.Arbitrary<Value> = fc
	.oneof(fc.nat(), fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }))
	.map((number) => ({ kind: "number", number: number + 0 }));
const status: fc.Arbitrary<Value> = fc.oneof(
	fc.integer({ min: 100, max: 599 }).map((number): Value => ({ kind: "number", number })),
	fc.integer({ min: 1, max: 5 }).map((hundreds): Value => ({ kind: "class", hundreds })),
);
const flag: fc.Arbitrary<Value> = fc.boolean().map((boolean) => ({ kind: "boolean", boolean }));

function comparison(field: string, type: FieldType): fc.Arbitrary<Expression> {
	const compare = (operators: readonly Operator[], value: fc.Arbitrary<Value>): fc.Arbitrary<Expression> =>
		fc.record({
			kind: fc.constant("compare"),
			field: fc.constant(field),
			operator: fc.constantFrom(...operators),
			value,
		});
	const among = (value: fc.Arbitrary<Value>): fc.Arbitrary<Expression> =>
		fc.record({
			kind: fc.constant("in"),
			field: fc.constant(field),
			values: fc.array(value, { minLength: 1, maxLength: 4 }),
		});
	switch (type) {
		case "text":
		case "texts":
			return fc.oneof(compare(["==", "!="], text), compare(["~"], glob), compare(["=~"], regex), among(text));
		case "status":
			return fc.oneof(compare(COMPARISONS, number), compare(["==", "!="], status), among(status));
		case "boolean":
			return compare(["==", "!="], flag);
		case "presence":
			return fc.constant({ kind: "has", field });
		default:
			return fc.oneof(compare(COMPARISONS, number), among(number));
	}
}

const leaf: fc.Arbitrary<Expression> = fc
	.constantFrom(...FIELDS.values())
	.chain(({ name, type }) => fc.oneof(comparison(name, type), fc.constant<Expression>({ kind: "has", field: name })));

/** Any filter, as it is read. */
export const expression: fc.Arbitrary<Expression> = fc.letrec<{ node: Expression }>((tie) => ({
	node: fc.oneof(
		{ maxDepth: 4 },
		leaf,
		fc.record({
			kind: fc.constantFrom("and", "or"),
			parts: fc.array(tie("node"), { minLength: 2, maxLength: 3 }),
		}) as fc.Arbitrary<Expression>,
		fc.record({ kind: fc.constant("not"), part: tie("node") }) as fc.Arbitrary<Expression>,
	),
})).node;
