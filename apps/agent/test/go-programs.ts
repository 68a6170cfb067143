import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

/** The Go programs of the fixtures, built by Debian's Go, each with and without symbols; their files go with the scope. */
export class GoPrograms implements Disposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "wirescribe-go-"));

	/** The path of a program: one build for each call, so that no two tests have the same file. */
	build(name: "tls-server" | "tls-client", stripped: boolean): string {
		const file = join(mkdtempSync(join(this.#folder, "build-")), name);
		const flags = stripped ? ["-ldflags", "-s -w"] : [];
		const env = { PATH: "/usr/bin:/bin", HOME: homedir(), GO111MODULE: "off" };
		const source = join(import.meta.dirname, `fixtures/${name}.go`);
		execFileSync("/usr/bin/go", ["build", ...flags, "-o", file, source], { env, stdio: "pipe" });
		return file;
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}
