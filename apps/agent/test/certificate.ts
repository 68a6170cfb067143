import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A self-signed certificate for localhost and 127.0.0.1, made by openssl; its files go with the scope. */
export class Certificate implements Disposable {
	readonly #folder = mkdtempSync(join(tmpdir(), "wirescribe-tls-"));
	readonly key: string = join(this.#folder, "key.pem");
	readonly cert: string = join(this.#folder, "cert.pem");

	constructor() {
		const names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
		const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
		const subject = ["-subj", "/CN=localhost", "-days", "2", "-addext", names];
		execFileSync("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", this.key, "-out", this.cert], {
			stdio: "pipe",
		});
	}

	[Symbol.dispose](): void {
		rmSync(this.#folder, { recursive: true, force: true });
	}
}
