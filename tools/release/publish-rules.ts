/** What a package must say and hold to be published with provenance. Each rule gives back sentences; none means that all is well. */
import type { Manifest } from "../workspace.ts";

/** Of a manifest, what registries read. */
export interface PublishedManifest extends Manifest {
	readonly description?: string;
	readonly repository?: { readonly type?: string; readonly url?: string; readonly directory?: string };
	readonly homepage?: string;
	readonly bugs?: string;
	readonly bin?: Readonly<Record<string, string>>;
	readonly files?: readonly string[];
	readonly engines?: { readonly node?: string };
	readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
}

/** Provenance is refused for a package whose `repository.url` is not the one that the workflow runs in. */
const REPOSITORY = "https://github.com/wirescribe/wirescribe";

/** The manifest of the package in this folder of the repository. */
export function manifestRules(manifest: PublishedManifest, folder: string): readonly string[] {
	const { repository, publishConfig } = manifest;
	const wanted: readonly (readonly [string, unknown, unknown])[] = [
		["license", manifest.license, "Apache-2.0"],
		["repository.type", repository?.type, "git"],
		["repository.url", repository?.url, `git+${REPOSITORY}.git`],
		["repository.directory", repository?.directory, folder],
		["homepage", manifest.homepage, `${REPOSITORY}/tree/main/${folder}#readme`],
		["bugs", manifest.bugs, `${REPOSITORY}/issues`],
		["publishConfig.access", publishConfig?.access, "public"],
		["publishConfig.provenance", publishConfig?.provenance, true],
		["private", manifest.private, undefined],
		["engines.node", manifest.engines?.node, ">=22.18"],
		["files' CHANGELOG.md", manifest.files?.includes("CHANGELOG.md"), true],
	];
	const broken = wanted
		.filter(([, is, should]) => is !== should)
		.map(
			([key, is, should]) => `${folder}/package.json: ${key} is ${JSON.stringify(is)}, not ${JSON.stringify(should)}`,
		);
	if (!manifest.description) broken.push(`${folder}/package.json: has no description`);
	return broken;
}

const ALWAYS = ["package.json", "README.md", "LICENSE"];
const NEVER = /\.test\.|\.tsbuildinfo$|(?:^|\/)(?:node_modules|\.env|\.npmrc)/;

/** What lies in a package's tarball: `paths` count from the package's folder. */
export function tarballRules(manifest: PublishedManifest, paths: readonly string[]): readonly string[] {
	const { name, bin = {}, exports = {} } = manifest;
	const entries = [...Object.values(bin), ...Object.values(exports).flatMap((one) => Object.values(one))];
	const wanted = new Set([...ALWAYS, ...entries.map((target) => target.replace(/^\.\//, ""))]);
	return [
		...[...wanted].filter((path) => !paths.includes(path)).map((path) => `${name}: the tarball lacks ${path}`),
		...paths.filter((path) => NEVER.test(path)).map((path) => `${name}: the tarball holds ${path}`),
	];
}
