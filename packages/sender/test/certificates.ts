import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "../../../tools/command.ts";

/** An authority and what it has signed, as files. */
export interface Authority {
	readonly ca: string;
	readonly server: { readonly cert: string; readonly key: string };
	readonly client: { readonly cert: string; readonly key: string };
}

export interface Certificates extends AsyncDisposable {
	readonly folder: string;
	/** A new authority with a server's certificate for 127.0.0.1 and a client's. */
	authority(name: string): Promise<Authority>;
}

/** Certificates of the day, in a folder that goes again. */
export async function makeCertificates(): Promise<Certificates> {
	const folder = await mkdtemp(join(tmpdir(), "wirescribe-tls-"));
	const path = (name: string): string => join(folder, name);
	const openssl = async (...args: readonly string[]): Promise<void> => {
		const { code, output } = await runCommand("openssl", args);
		if (code !== 0) throw new Error(`openssl ${args.join(" ")}: ${output}`);
	};
	const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

	async function signed(authority: string, name: string): Promise<{ cert: string; key: string }> {
		const key = path(`${authority}-${name}.key`);
		const cert = path(`${authority}-${name}.pem`);
		const request = path("request.csr");
		await writeFile(path("extensions"), "subjectAltName=IP:127.0.0.1,DNS:collector.test\n");
		await openssl("req", ...newKey, "-keyout", key, "-out", request, "-subj", `/CN=${name}`);
		const by = ["-CA", path(`${authority}.pem`), "-CAkey", path(`${authority}.key`), "-CAcreateserial"];
		await openssl("x509", "-req", "-in", request, ...by, "-out", cert, "-days", "2", "-extfile", path("extensions"));
		return { cert, key };
	}

	async function authority(name: string): Promise<Authority> {
		const [ca, key] = [path(`${name}.pem`), path(`${name}.key`)];
		await openssl("req", "-x509", ...newKey, "-keyout", key, "-out", ca, "-subj", `/CN=${name}`, "-days", "2");
		return { ca, server: await signed(name, "server"), client: await signed(name, "client") };
	}

	return { folder, authority, [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) };
}
