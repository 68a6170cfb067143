import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mustRun } from "../command.ts";
import { root, workspacePackages } from "../workspace.ts";

/**
 * The repository as it lies here, in a temporary folder: what git tracks or would track, as a commit of its own. Other people's
 * packages are linked, ours are those of the copy. Gone when it is disposed.
 */
export class TemporaryCopy implements Disposable {
	readonly folder: string = mkdtempSync(join(tmpdir(), "wirescribe-release-"));

	static async make(): Promise<TemporaryCopy> {
		const copy = new TemporaryCopy();
		try {
			await copy.#fill();
		} catch (error) {
			copy[Symbol.dispose]();
			throw error;
		}
		return copy;
	}

	async #fill(): Promise<void> {
		const listed = await mustRun("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
			cwd: root,
		});
		for (const file of listed.stdout.split("\0")) {
			// Deleted here, but not in a commit yet.
			if (file === "" || !existsSync(join(root, file))) continue;
			cpSync(join(root, file), join(this.folder, file), { recursive: true });
		}
		for (const folder of ["", "tools/node22", ...workspacePackages().map((one) => one.folder)])
			this.#linkModules(folder);
		const git = (...args: readonly string[]) => mustRun("git", args, { cwd: this.folder });
		// Changesets asks git in which commit a change came.
		await git("init", "--quiet");
		await git("add", "--all");
		const author = ["-c", "user.name=release", "-c", "user.email=release@localhost", "-c", "commit.gpgsign=false"];
		await git(...author, "commit", "--quiet", "--no-verify", "--message", "the working tree");
	}

	#linkModules(folder: string): void {
		const from = join(root, folder, "node_modules");
		if (!existsSync(from)) return;
		const into = join(this.folder, folder, "node_modules");
		mkdirSync(into, { recursive: true });
		for (const name of readdirSync(from)) {
			if (name.startsWith(".") && name !== ".bin") continue;
			if (name === "@wirescribe") linkOurs(join(into, name));
			else symlinkSync(join(from, name), join(into, name));
		}
	}

	[Symbol.dispose](): void {
		rmSync(this.folder, { recursive: true, force: true });
	}
}

function linkOurs(into: string): void {
	mkdirSync(into);
	for (const { name, folder } of workspacePackages())
		symlinkSync(join("../..", folder), join(into, name.split("/")[1] as string));
}
