import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Tarball } from "./tarballs.ts";

/**
 * A registry on this machine that knows our tarballs and nothing else. npm asks it for our scope only, so that what has not been
 * published yet is installed by name and version, as it will be.
 */
export class ScopeRegistry implements Disposable {
	readonly #server: Server;
	readonly #url: string;

	private constructor(server: Server) {
		this.#server = server;
		this.#url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	}

	static async serve(tarballs: Iterable<Tarball>): Promise<ScopeRegistry> {
		const byName = new Map([...tarballs].map((one) => [one.manifest.name, one]));
		const server = createServer((request, response) => {
			const path = decodeURIComponent(request.url ?? "/").slice(1);
			const archive = path.endsWith(".tgz") ? byName.get(path.slice(0, -".tgz".length)) : undefined;
			const described = byName.get(path);
			if (archive) response.end(readFileSync(archive.file));
			else if (described) response.end(JSON.stringify(packument(described, `http://${request.headers.host}`)));
			else response.writeHead(404).end("{}");
		});
		server.listen(0, "127.0.0.1");
		await once(server, "listening");
		return new ScopeRegistry(server);
	}

	/** Arguments by which npm asks here for packages of our scope. */
	get npmArguments(): readonly string[] {
		return [`--@wirescribe:registry=${this.#url}`];
	}

	[Symbol.dispose](): void {
		this.#server.close();
		this.#server.closeAllConnections();
	}
}

function packument({ manifest, file }: Tarball, url: string): object {
	const { name, version } = manifest;
	const integrity = `sha512-${createHash("sha512").update(readFileSync(file)).digest("base64")}`;
	const dist = { tarball: `${url}/${name}.tgz`, integrity };
	return { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
