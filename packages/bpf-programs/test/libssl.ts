/** The system's OpenSSL, and the programs on its functions. */
import { execFileSync } from "node:child_process";
import type { Capture, TlsCall } from "../src/index.ts";

/** The functions of OpenSSL that carry plaintext, by what they do. */
export const OPENSSL_CALLS: Readonly<Record<string, TlsCall>> = {
	SSL_read: "read",
	SSL_read_ex: "read_ex",
	SSL_write: "write",
	SSL_write_ex: "write_ex",
	SSL_do_handshake: "handshake",
};

/** A libssl and where its functions are, as libssl.py prints it. */
export interface Libssl {
	readonly path: string;
	readonly offsets: Readonly<Record<string, number>>;
}

/** The libssl of this machine, as a process of its own finds it. */
export function findLibssl(): Libssl {
	const script = "import json, libssl; print(json.dumps(libssl.places()))";
	const said = execFileSync("/usr/bin/python3", ["-c", script], { cwd: import.meta.dirname, encoding: "utf8" });
	return JSON.parse(said) as Libssl;
}

/** Programs on the entry and the return of every function. */
export function attachOpenssl(capture: Capture, { path, offsets }: Libssl): Disposable {
	const points = Object.entries(OPENSSL_CALLS).flatMap(([name, call]) => {
		const place = { call, offset: offsets[name] as number, trial: 0 };
		return [
			{ ...place, program: "exit_tls", atReturn: true },
			{ ...place, program: "enter_tls", atReturn: false },
		] as const;
	});
	return capture.attachTls(path, points);
}
