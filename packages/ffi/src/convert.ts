import type { ArgumentType, NativeFunction, ReturnType, Signature } from "./types.ts";

/** How one value has to change on its way; absent: it goes through as it is. */
export type Converter = (value: never) => unknown;

/** A runtime's conversions: only the types that it takes or gives in another shape than this package. */
export interface Conversions {
	readonly args: Partial<Record<ArgumentType, Converter>>;
	readonly returns: Partial<Record<ReturnType, Converter>>;
}

/**
 * Puts the conversions a signature needs around a native function. A signature that needs none gets the function itself back:
 * hot calls are declared so that they cost nothing here.
 */
export function convert(raw: NativeFunction, signature: Signature, conversions: Conversions): NativeFunction {
	const result = conversions.returns[signature.returns];
	const argument = signature.args.map((type) => conversions.args[type]);
	const call = raw as (...args: unknown[]) => unknown;
	const finish = result as ((value: unknown) => unknown) | undefined;
	if (argument.every((converter) => converter === undefined)) {
		return finish === undefined ? raw : (...args: unknown[]) => finish(call(...args));
	}
	const change = argument as (((value: unknown) => unknown) | undefined)[];
	return (...args: unknown[]) => {
		for (let i = 0; i < args.length; i++) {
			const converter = change[i];
			if (converter !== undefined) args[i] = converter(args[i]);
		}
		const value = call(...args);
		return finish === undefined ? value : finish(value);
	};
}
