/** The rules of `npm run boundaries` for one package. Each gives back sentences; none means that all is well. */
import { existsSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, relative, resolve } from "node:path";
import {
	artefactScripts,
	isTestFile,
	type Manifest,
	readJson,
	root,
	sourceFiles,
	type WorkspacePackage,
} from "../workspace.ts";
import { ARROWS, BROWSER, packageOf, TEST_ARROWS } from "./arrows.ts";
import { importsOf } from "./imports.ts";

const SCOPE = "@wirescribe/";
/** Built into a runtime: `bun:ffi` is, too. */
const BUILT_IN = /^(?:node|bun):/;

interface ImportSite {
	readonly file: string;
	readonly specifier: string;
	/** Ships with the package, unlike tests, benches, examples and build scripts. */
	readonly shipped: boolean;
}

function importSites(one: WorkspacePackage): readonly ImportSite[] {
	return sourceFiles(one.path).flatMap((file) => {
		const shipped = file.startsWith("src/") && !isTestFile(file);
		const specifiers = importsOf(readFileSync(join(one.path, file), "utf8"));
		return specifiers.map((specifier) => ({ file: join(one.folder, file), specifier, shipped }));
	});
}

/** Every rule for one package. */
export function brokenRules(one: WorkspacePackage, tooling: Manifest): readonly string[] {
	if (!(one.name in ARROWS))
		return [`${one.name}: is not in tools/checks/arrows.ts: draw its arrows there and in docs/architecture.md`];
	const sites = importSites(one);
	return [
		...sites.flatMap((site) => siteRule(one, site, tooling) ?? []),
		...dependencyRules(one, sites),
		...denoRules(one),
		...artefactRules(one),
	];
}

function siteRule(one: WorkspacePackage, site: ImportSite, tooling: Manifest): string | undefined {
	const { file, specifier, shipped } = site;
	if (specifier.startsWith(".")) return relativeRule(one, site);
	if (BUILT_IN.test(specifier)) {
		const browser = shipped && BROWSER.includes(one.name);
		return browser ? `${file}: imports ${specifier}, but ${one.name} is for browsers too` : undefined;
	}
	if (isBuiltin(specifier)) return `${file}: imports ${specifier} without node:`;
	const name = packageOf(specifier);
	if (name.startsWith(SCOPE)) {
		const arrows = [one.name, ...(ARROWS[one.name] ?? []), ...(shipped ? [] : (TEST_ARROWS[one.name] ?? []))];
		const drawn = arrows.some((arrow) => specifier === arrow || specifier.startsWith(`${arrow}/`));
		return drawn ? undefined : `${file}: imports ${specifier}: there is no such arrow from ${one.name}`;
	}
	const { dependencies, peerDependencies, optionalDependencies } = one.manifest;
	const own = { ...dependencies, ...peerDependencies, ...optionalDependencies };
	const allowed = shipped ? own : { ...own, ...tooling.devDependencies };
	return name in allowed ? undefined : `${file}: imports ${specifier}, which package.json does not list`;
}

/** Packages meet by their names only. What never ships may use the repository's own tools. */
function relativeRule(one: WorkspacePackage, { file, specifier, shipped }: ImportSite): string | undefined {
	const target = relative(root, resolve(root, file, "..", specifier));
	if (target.startsWith(`${one.folder}/`)) return undefined;
	if (!shipped && (target.startsWith("tools/") || target === "vitest.base.ts")) return undefined;
	return `${file}: imports ${specifier} from outside of ${one.folder}`;
}

/** The manifest lists exactly what the shipped code imports, at the version that lies in the repository. */
function dependencyRules(one: WorkspacePackage, sites: readonly ImportSite[]): readonly string[] {
	const { dependencies = {} } = one.manifest;
	const imported = new Set(sites.filter(({ shipped }) => shipped).map(({ specifier }) => packageOf(specifier)));
	const broken: string[] = [];
	for (const name of imported) {
		if (!name.startsWith(SCOPE) || name === one.name || name in dependencies) continue;
		broken.push(`${one.folder}/package.json: does not list ${name}, which the code imports`);
	}
	for (const [name, version] of Object.entries(dependencies)) {
		if (!imported.has(name)) broken.push(`${one.folder}/package.json: lists ${name}, which the code does not import`);
		if (name.startsWith(SCOPE) && version !== one.manifest.version) {
			broken.push(
				`${one.folder}/package.json: wants ${name} ${version}, the packages go together at ${one.manifest.version}`,
			);
		}
	}
	return broken;
}

/** deno.json (JSR) says what package.json (npm) says. */
function denoRules(one: WorkspacePackage): readonly string[] {
	const file = join(one.path, "deno.json");
	if (!existsSync(file)) return [`${one.folder}: has no deno.json`];
	const deno = readJson<DenoManifest>(file);
	const broken: string[] = [];
	for (const key of ["name", "version", "license"] as const) {
		if (deno[key] !== one.manifest[key]) broken.push(`${one.folder}/deno.json: ${key} is not that of package.json`);
	}
	const jsr = typeof deno.exports === "string" ? { ".": deno.exports } : deno.exports;
	const npm = Object.entries(one.manifest.exports ?? {}).map(([key, to]) => [key, to["@wirescribe/source"]]);
	if (JSON.stringify(sorted(Object.entries(jsr))) !== JSON.stringify(sorted(npm))) {
		broken.push(`${one.folder}/deno.json: exports differ from the source condition in package.json`);
	}
	const { dependencies, peerDependencies } = one.manifest;
	for (const [name, target] of Object.entries(deno.imports ?? {})) {
		const version = { ...peerDependencies, ...dependencies }[name];
		if (target === `npm:${name}@${version}`) continue;
		broken.push(`${one.folder}/deno.json: imports ${name} as ${target}, package.json wants ${version ?? "none"}`);
	}
	return broken;
}

/** What is read of a deno.json. */
interface DenoManifest {
	readonly name: string;
	readonly version: string;
	readonly license?: string;
	readonly exports: string | Readonly<Record<string, string>>;
	readonly imports?: Readonly<Record<string, string>>;
}

function sorted<T extends readonly unknown[]>(entries: readonly T[]): readonly T[] {
	return [...entries].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}

/** Committed files that a tool wrote come with the script that proves them. No package runs a script when it is installed. */
function artefactRules(one: WorkspacePackage): readonly string[] {
	const scripts = one.manifest.scripts ?? {};
	const made = ["prebuilt", "generated"].filter((folder) => existsSync(join(one.path, folder)));
	const broken = ["preinstall", "install", "postinstall", "prepare"]
		.filter((name) => name in scripts)
		.map((name) => `${one.folder}/package.json: has an install script, ${name}`);
	if (made.length > 0 && artefactScripts(one.manifest).length === 0) {
		broken.push(
			`${one.folder}/package.json: has ${made.join(" and ")}/ but no script named check:… or …:check that rebuilds and compares it`,
		);
	}
	return broken;
}
