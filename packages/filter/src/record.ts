import { type FieldValue, findField, headerOf } from "./fields.ts";

/** Finds the way to a field once, when the filter is compiled. */
export type FieldReader<R> = (field: string) => (record: R) => FieldValue;

/** Fields that stand a level deeper in the JSON line. */
const DEEPER: Readonly<Record<string, string>> = {
	namespace: "kubernetes.namespace",
	pod: "kubernetes.pod",
	owner: "kubernetes.owner",
	service: "kubernetes.service",
};

/** Reads a field of what `JSON.parse` makes of a JSON line, or of any object of that shape. */
export const readRecord: FieldReader<unknown> = (field) => {
	if (field === "path") return (record) => withoutQuery(property(record, "path"));
	if (field === "local.ip" || field === "remote.ip") return endOf(field.slice(0, -3), (text, at) => ip(text, at));
	if (field === "local.port" || field === "remote.port") {
		return endOf(field.slice(0, -5), (text, at) => Number(text.slice(at + 1)));
	}
	const header = headerOf(field);
	if (header)
		return (record) => fieldValue(property(property(property(record, header.message), "headers"), header.name));
	const path = (DEEPER[field] ?? field).split(".");
	const presence = findField(field)?.type === "presence";
	return (record) => {
		let value: unknown = record;
		for (const name of path) value = property(value, name);
		return presence ? (value === null || value === undefined ? undefined : true) : fieldValue(value);
	};
};

function property(value: unknown, name: string): unknown {
	if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
	return (value as Record<string, unknown>)[name];
}

function fieldValue(value: unknown): FieldValue {
	if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
	if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
	return undefined;
}

function withoutQuery(path: unknown): FieldValue {
	if (typeof path !== "string") return undefined;
	const query = path.indexOf("?");
	return query === -1 ? path : path.slice(0, query);
}

function endOf(name: string, part: (text: string, colon: number) => FieldValue): (record: unknown) => FieldValue {
	return (record) => {
		const text = property(record, name);
		const colon = typeof text === "string" ? text.lastIndexOf(":") : -1;
		return colon === -1 ? undefined : part(text as string, colon);
	};
}

/** An IPv6 address stands in brackets. */
function ip(text: string, colon: number): string {
	return text.startsWith("[") ? text.slice(1, colon - 1) : text.slice(0, colon);
}
