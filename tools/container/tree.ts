import { execFileSync, spawnSync } from "node:child_process";
import {
	chmodSync,
	chownSync,
	copyFileSync,
	cpSync,
	existsSync,
	mkdirSync,
	realpathSync,
	symlinkSync,
	writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { root } from "../workspace.ts";
import { copyProductionPackages } from "./production-packages.ts";

/** The user that the container runs as, and the capabilities that the program's file gives. */
export const USER = 65_532;
export const FILE_CAPABILITIES = "cap_bpf,cap_perfmon,cap_dac_read_search,cap_sys_ptrace,cap_net_admin=ep";
export const ENTRYPOINT: readonly string[] = [
	"/usr/local/bin/node",
	"/opt/wirescribe/node_modules/@wirescribe/agent/dist/main.js",
];

/**
 * Makes the whole file tree of the container: Node, the libraries that it needs, the agent, and nothing else. No shell, no package
 * manager. The Dockerfile and the test make the same tree by this.
 *
 *     /usr/local/bin/node     with the capabilities
 *     /usr/lib                glibc, libstdc++, and libelf for the library of @wirescribe/libbpf
 *     /opt/wirescribe         the agent and its packages
 *     /etc/passwd, /run/wirescribe, /var/lib/wirescribe, /tmp; /proc, /sys, /dev to be mounted on
 */
export function buildTree(tree: string): void {
	const node = join(tree, "usr/local/bin/node");
	makeFolders(tree);
	copyFileSync(nodeProgram(), node);
	chmodSync(node, 0o755);
	for (const library of [...librariesOf(nodeProgram()), libelf()]) copyLibrary(tree, library);
	copyProductionPackages(join(tree, "opt/wirescribe/node_modules"));
	copyFileSync(join(root, "LICENSE"), join(tree, "opt/wirescribe/LICENSE"));
	writeFileSync(join(tree, "etc/passwd"), `root:x:0:0::/:/\nwirescribe:x:${USER}:${USER}::/:/\n`);
	writeFileSync(join(tree, "etc/group"), `root:x:0:\nwirescribe:x:${USER}:\n`);
	writeFileSync(join(tree, "etc/nsswitch.conf"), "hosts: files dns\n");
	execFileSync("setcap", [FILE_CAPABILITIES, node], { stdio: "pipe" });
}

function makeFolders(tree: string): void {
	const folders = ["usr/local/bin", "usr/lib", "usr/lib64", "opt/wirescribe", "etc/wirescribe", "proc", "sys", "dev"];
	for (const folder of folders) mkdirSync(join(tree, folder), { recursive: true });
	for (const name of ["lib", "lib64"]) symlinkSync(`usr/${name}`, join(tree, name));
	mkdirSync(join(tree, "tmp"));
	chmodSync(join(tree, "tmp"), 0o1777);
	for (const folder of ["run/wirescribe", "var/lib/wirescribe"]) {
		mkdirSync(join(tree, folder), { recursive: true });
		chownSync(join(tree, folder), USER, USER);
	}
}

function nodeProgram(): string {
	return join(root, `node_modules/node-linux-${process.arch}/bin/node`);
}

/** One library of each Debian package that Node's libraries are from, by its path as dpkg knows it. */
export function debianLibraries(): string[] {
	const byOwner = new Map<string, string>();
	for (const path of librariesOf(nodeProgram())) {
		const known = [realpathSync(path), realpathSync(path).replace(/^\/usr/, ""), path];
		const owned = known.find((one) => spawnSync("dpkg-query", ["-S", one]).status === 0);
		if (owned === undefined) throw new Error(`Cannot find the Debian package of ${path}`);
		const owner = spawnSync("dpkg-query", ["-S", owned], { encoding: "utf8" }).stdout.split(":")[0] as string;
		byOwner.set(owner, owned);
	}
	return [...byOwner.values()];
}

/** Shared libraries of a program, by their paths here. */
function librariesOf(program: string): string[] {
	const listed = execFileSync("ldd", [program], { encoding: "utf8" });
	return [...listed.matchAll(/(\/\S+) \(0x/g)].map(([, path]) => path as string);
}

/** A program with capabilities of its own trusts no library's `$ORIGIN`: ours would not find its libelf beside it. */
function libelf(): string {
	return join(root, `packages/libbpf/prebuilt/linux-${process.arch}/libelf.so.1`);
}

function copyLibrary(tree: string, path: string): void {
	const inRoot = path.startsWith(root) ? join("/usr/lib", basename(path)) : path.replace(/^\/(lib\w*)\//, "/usr/$1/");
	const target = join(tree, inRoot);
	if (existsSync(target)) return;
	mkdirSync(dirname(target), { recursive: true });
	cpSync(realpathSync(path), target);
}
