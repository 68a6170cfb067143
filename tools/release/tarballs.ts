import { join } from "node:path";
import process from "node:process";
import { mustRun } from "../command.ts";
import { bin, readJson, root, type WorkspacePackage } from "../workspace.ts";
import { type PublishedManifest, tarballRules } from "./publish-rules.ts";

/** A package as it would be published. */
export interface Tarball {
	readonly one: WorkspacePackage;
	/** Absolute. */
	readonly file: string;
	readonly manifest: PublishedManifest;
	readonly paths: readonly string[];
	readonly packedBytes: number;
	readonly unpackedBytes: number;
	/** Rules that it breaks, as sentences. */
	readonly broken: readonly string[];
}

/** What `npm pack --json` says of a package. */
interface PackReport {
	readonly filename: string;
	readonly size: number;
	readonly unpackedSize: number;
	readonly files: readonly { readonly path: string }[];
}

/** Builds every package. */
export async function buildAll(): Promise<void> {
	const env = { ...process.env, TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
	await mustRun(bin("turbo"), ["run", "build", "--output-logs=errors-only"], { cwd: root, env });
}

/** Packs into `folder`, by package name. What the packages are built to must be there. */
export async function packAll(
	packages: readonly WorkspacePackage[],
	folder: string,
): Promise<ReadonlyMap<string, Tarball>> {
	const tarballs = new Map<string, Tarball>();
	for (const one of packages) tarballs.set(one.name, await pack(one, folder));
	return tarballs;
}

async function pack(one: WorkspacePackage, folder: string): Promise<Tarball> {
	const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
	const { stdout } = await mustRun("npm", args, { cwd: one.path });
	const [{ filename, size, unpackedSize, files }] = JSON.parse(stdout) as [PackReport];
	const manifest = readJson<PublishedManifest>(join(one.path, "package.json"));
	const paths = files.map(({ path }) => path);
	const broken = tarballRules(manifest, paths);
	return { one, file: join(folder, filename), manifest, paths, packedBytes: size, unpackedBytes: unpackedSize, broken };
}
