import { execFileSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { SOURCES } from "../../packages/libbpf/native/sources.ts";
import { type Manifest, readJson, root } from "../workspace.ts";
import { type ProductionPackage, productionPackages } from "./production-packages.ts";
import { debianLibraries } from "./tree.ts";

/** A component, as CycloneDX 1.5 has it. */
export interface Component {
	readonly type: "library" | "application" | "platform";
	readonly "bom-ref": string;
	readonly name: string;
	readonly version: string;
	readonly purl: string;
	readonly licenses: readonly ({ readonly expression: string } | { readonly license: { readonly name: string } })[];
	readonly hashes?: readonly { readonly alg: "SHA-512"; readonly content: string }[];
}

export interface Bom {
	readonly bomFormat: "CycloneDX";
	readonly specVersion: "1.5";
	readonly version: 1;
	readonly metadata: { readonly component: Component };
	readonly components: readonly Component[];
	readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/**
 * What is in the container, as a CycloneDX document: the same packages that are copied into it, Node, and what is compiled into the
 * prebuilt libraries. No time and no random number: the same tree gives the same bytes. (`npm sbom` leaves out of a workspace's
 * dependencies those that another one has for development.)
 */
export function makeBom(): Bom {
	const packages = productionPackages();
	const components = packages.map(npmComponent);
	const agent = components[0] as Component;
	const others = [nodeComponent(), ...SOURCES.map(sourceComponent), ...debianLibraries().map(debianComponent)];
	const refs = new Map(packages.map(({ folder }, index) => [folder, (components[index] as Component)["bom-ref"]]));
	return {
		bomFormat: "CycloneDX",
		specVersion: "1.5",
		version: 1,
		metadata: { component: { ...agent, type: "application" } },
		components: [...components.slice(1), ...others],
		dependencies: packages.map(({ needs }, index) => ({
			ref: (components[index] as Component)["bom-ref"],
			dependsOn: needs.map((folder) => refs.get(folder) as string),
		})),
	};
}

function component(type: Component["type"], name: string, version: string, purl: string, license: string): Component {
	const licenses = /^[\w.\-+() ]+$/.test(license) ? [{ expression: license }] : [{ license: { name: license } }];
	return { type, "bom-ref": purl, name, version, purl, licenses };
}

interface LockFile {
	readonly packages: Readonly<Record<string, { readonly integrity?: string } | undefined>>;
}

let lock: LockFile | undefined;

function npmComponent({ manifest, target, isOurs }: ProductionPackage): Component {
	const { license = "NOASSERTION", name, version } = manifest;
	const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
	const one = component("library", name, version, purl, license);
	lock ??= readJson<LockFile>(join(root, "package-lock.json"));
	const integrity = isOurs ? undefined : lock.packages[`node_modules/${target}`]?.integrity;
	if (!integrity?.startsWith("sha512-")) return one;
	return { ...one, hashes: [{ alg: "SHA-512", content: Buffer.from(integrity.slice(7), "base64").toString("hex") }] };
}

function nodeComponent(): Component {
	const { version } = readJson<Manifest>(join(root, `node_modules/node-linux-${process.arch}/package.json`));
	return component("platform", "node", version, `pkg:generic/node@${version}`, "MIT");
}

function sourceComponent({ license, name, version }: (typeof SOURCES)[number]): Component {
	const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=source`;
	return component("library", name, version, purl, license);
}

/** A library that Node needs, by the Debian package that it is from. */
function debianComponent(path: string): Component {
	const owner = execFileSync("dpkg-query", ["-S", path], { encoding: "utf8" }).split(":")[0] as string;
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
	const version = execFileSync("dpkg-query", ["-W", "-f", "${Version}\n", owner], { encoding: "utf8" }).split(
		"\n",
	)[0] as string;
	const purl = `pkg:deb/debian/${owner}@${encodeURIComponent(version)}`;
	return component("library", owner, version, purl, "see /usr/share/doc of the Debian package");
}
