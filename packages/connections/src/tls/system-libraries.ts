import { readdirSync } from "node:fs";

/** Where the dynamic loader looks without being told (ld.so(8)), and distributions' folders for a machine's own libraries. */
const FOLDERS = [
	"/usr/lib",
	"/usr/lib64",
	"/usr/lib/x86_64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
	"/usr/local/lib",
	"/usr/local/lib64",
];

/** The TLS libraries that the system has installed, whether anybody uses them or not. */
export function systemTlsLibraries(folders: readonly string[] = FOLDERS): string[] {
	return folders.flatMap((folder) => {
		try {
			return readdirSync(folder)
				.filter((name) => /^lib(ssl|gnutls)\.so\.\d[\d.]*$/.test(name))
				.map((name) => `${folder}/${name}`);
		} catch {
			return [];
		}
	});
}
