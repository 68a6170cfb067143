/** Lists and a watch of a small cluster, as an API server gives them. */
import { readFileSync } from "node:fs";

const read = (name: string): string => readFileSync(new URL(`./recorded/${name}`, import.meta.url), "utf8");

export interface List {
	readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
	readonly items: { readonly metadata: { readonly name: string; readonly uid: string } }[];
}

export const podList = (): List => JSON.parse(read("pods.list.json")) as List;
export const serviceList = (): List => JSON.parse(read("services.list.json")) as List;
/** Lines as they came. */
export const podEvents = (): string[] => read("pods.watch.jsonl").trimEnd().split("\n");
