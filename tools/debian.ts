/**
 * The programs that tests and benches meet as peers come from Debian: nginx, curl, tshark and so on.
 * What is installed already costs one question to dpkg and prints nothing.
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { runCommand } from "./command.ts";

/** Peers are missing and could not be installed. */
export class DebianError extends Error {
	readonly code: string = "ERR_DEBIAN_PACKAGES";
	readonly packages: readonly string[];
	constructor(message: string, packages: readonly string[]) {
		super(message);
		this.name = "DebianError";
		this.packages = packages;
	}
}

/** Which of these Debian packages are not installed. */
export async function missingDebian(packages: readonly string[]): Promise<readonly string[]> {
	const asked = packages.length === 0 ? undefined : await queryDpkg(packages);
	return asked === undefined ? [] : packages.filter((name) => !asked.has(name));
}

async function queryDpkg(packages: readonly string[]): Promise<Set<string>> {
	if (!existsSync("/usr/bin/dpkg-query")) {
		throw new DebianError(
			`Cannot look for ${packages.join(", ")} as this is not a Debian machine: there is no dpkg-query`,
			packages,
		);
	}
	// Exits with 1 when it does not know one of them, and still lists the others.
	// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own format.
	const format = "${Package} ${db:Status-Status}\n";
	const { stdout } = await runCommand("/usr/bin/dpkg-query", ["-W", "-f", format, ...packages]);
	const lines = stdout.split("\n").filter((line) => line.endsWith(" installed"));
	return new Set(lines.map((line) => line.slice(0, line.indexOf(" "))));
}

/**
 * One installer at a time on the whole machine: flock takes the folder itself, so that no lock file stays behind. A package's daemon (nginx on port 80) must not start: invoke-rc.d asks
 * policy-rc.d, and 101 means no. The file is ours only if nobody else has one.
 */
const INSTALL = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
	trap 'rm -f "$policy"' EXIT
	trap 'exit 1' INT TERM
	printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy" || exit 1
fi
apt-get -qq update && apt-get -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 install "$@" < /dev/null
`;

/** Installs what is missing of these Debian packages; throws a `DebianError` that says what to do when it cannot. */
export async function ensureDebian(packages: readonly string[]): Promise<void> {
	const missing = await missingDebian(packages);
	if (missing.length === 0) return;
	const command = `apt-get install ${missing.join(" ")}`;
	if (process.getuid?.() !== 0) {
		throw new DebianError(`Cannot install ${missing.join(", ")} as only root may: run '${command}' as root`, missing);
	}
	process.stderr.write(`installing from Debian: ${missing.join(" ")}\n`);
	const locked = ["/var/lib/dpkg", "sh", "-c", INSTALL, "sh", ...missing];
	const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
	const result = await runCommand("flock", locked, { env });
	if (result.code === 0) return;
	const reason = result.output.trim().split("\n").slice(-3).join(" · ");
	throw new DebianError(`Cannot install ${missing.join(", ")} from Debian: ${reason}; try '${command}'`, missing);
}
