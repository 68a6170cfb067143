import { cpSync, existsSync, mkdirSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { type Manifest, readJson, root, workspacePackages } from "../workspace.ts";

const MODULES = join(root, "node_modules");

/** What is shipped of a package of ours: built code, binaries, licences. Sources are for those who develop. */
const NOT_SHIPPED = new Set(["src", "bpf", "test"]);

/** A package that the agent needs at run time. */
export interface ProductionPackage {
	readonly manifest: Manifest & { readonly license?: string; readonly files?: readonly string[] };
	/** Where it is here, and in a `node_modules` folder of its own. */
	readonly folder: string;
	readonly target: string;
	readonly isOurs: boolean;
	/** Folders of those that it depends on. */
	readonly needs: readonly string[];
}

/** The agent and all that it needs, at whatever distance. Optional peers are left out: Node 26 needs none. */
export function productionPackages(): readonly ProductionPackage[] {
	const ours = new Map(workspacePackages().map((one) => [one.name, one.path]));
	const found = new Map<string, ProductionPackage>();
	const add = (name: string, from: string): string => {
		const own = ours.get(name);
		const folder = own ?? findPackage(name, from);
		if (found.has(folder)) return folder;
		const manifest = readJson<ProductionPackage["manifest"]>(join(folder, "package.json"));
		const target = own === undefined ? relative(MODULES, folder) : name;
		const needs: string[] = [];
		found.set(folder, { manifest, folder, target, isOurs: own !== undefined, needs });
		for (const needed of Object.keys(manifest.dependencies ?? {})) needs.push(add(needed, folder));
		return folder;
	};
	add("@wirescribe/agent", root);
	return [...found.values()];
}

/** Copies them into a `node_modules` folder: ours as they were built, others as `npm ci` put them there. */
export function copyProductionPackages(into: string): void {
	for (const one of productionPackages()) {
		const target = join(into, one.target);
		if (one.isOurs) copyOwn(one, target);
		else
			cpSync(one.folder, target, {
				recursive: true,
				filter: (file) => file === one.folder || basename(file) !== "node_modules",
			});
	}
}

function copyOwn({ folder, manifest: { files = [] } }: ProductionPackage, target: string): void {
	if (!existsSync(join(folder, "dist"))) throw new Error(`Cannot ship ${folder}: it is not built: run npm run build`);
	mkdirSync(target, { recursive: true });
	for (const name of ["package.json", "LICENSE", ...files]) {
		if (name.startsWith("!") || NOT_SHIPPED.has(name) || !existsSync(join(folder, name))) continue;
		cpSync(join(folder, name), join(target, name), { recursive: true });
	}
}

/** Where Node finds a package from a folder: in the nearest node_modules. */
function findPackage(name: string, from: string): string {
	for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
		const found = join(folder, "node_modules", name);
		if (existsSync(join(found, "package.json"))) return found;
	}
	throw new Error(`Cannot find ${name} from ${from}: run npm ci`);
}
