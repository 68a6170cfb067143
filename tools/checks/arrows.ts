/**
 * What each package may import of the others: the picture in docs/architecture.md, as a table. A subpath means that only this
 * part may be imported. Tests, benches and examples may need more: that is the second table.
 */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
	"@wirescribe/ffi": [],
	"@wirescribe/libbpf": ["@wirescribe/ffi"],
	"@wirescribe/bpf-programs": ["@wirescribe/libbpf"],
	"@wirescribe/conntrack": ["@wirescribe/ffi"],
	"@wirescribe/event-queue": [],
	"@wirescribe/filter": [],
	"@wirescribe/buffer": [],
	"@wirescribe/http1-parser": ["@wirescribe/buffer"],
	"@wirescribe/connections": [],
	"@wirescribe/kubernetes": [],
	"@wirescribe/recording": [],
	"@wirescribe/access-log": [],
	"@wirescribe/data-policy": ["@wirescribe/access-log", "@wirescribe/filter"],
	"@wirescribe/collector": ["@wirescribe/access-log"],
	"@wirescribe/live-view": ["@wirescribe/access-log"],
	"@wirescribe/exchange-export": ["@wirescribe/access-log"],
	"@wirescribe/sender": [],
	"@wirescribe/pipeline": [
		"@wirescribe/bpf-programs/events",
		"@wirescribe/buffer",
		"@wirescribe/http1-parser",
		"@wirescribe/connections",
		"@wirescribe/access-log",
	],
	"@wirescribe/agent": [
		"@wirescribe/pipeline",
		"@wirescribe/access-log",
		"@wirescribe/data-policy",
		"@wirescribe/filter",
		"@wirescribe/sender",
		"@wirescribe/collector",
		"@wirescribe/recording",
		"@wirescribe/connections",
		"@wirescribe/event-queue",
		"@wirescribe/conntrack",
		"@wirescribe/kubernetes",
		"@wirescribe/live-view",
		"@wirescribe/exchange-export",
		"@wirescribe/filter",
		"@wirescribe/http1-parser/reasons",
		"@wirescribe/bpf-programs",
		"@wirescribe/libbpf",
		"@wirescribe/ffi",
	],
};

/** What tests need beyond the arrows: the sender is shown against the real collector, and so on. */
export const TEST_ARROWS: Readonly<Record<string, readonly string[]>> = {
	"@wirescribe/sender": ["@wirescribe/collector", "@wirescribe/access-log"],
};

/** Packages that browsers run: their code names no `node:` module. */
export const BROWSER: readonly string[] = [
	"@wirescribe/buffer",
	"@wirescribe/http1-parser",
	"@wirescribe/filter",
	"@wirescribe/access-log",
	"@wirescribe/live-view",
	"@wirescribe/exchange-export",
];

/** The first circle in a table of arrows, as the names along it. */
export function circleIn(arrows: Readonly<Record<string, readonly string[]>>): readonly string[] | undefined {
	const done = new Set<string>();
	const visit = (name: string, path: readonly string[]): readonly string[] | undefined => {
		if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
		if (done.has(name)) return undefined;
		for (const next of arrows[name] ?? []) {
			const circle = visit(packageOf(next), [...path, name]);
			if (circle) return circle;
		}
		done.add(name);
		return undefined;
	};
	for (const name of Object.keys(arrows)) {
		const circle = visit(name, []);
		if (circle) return circle;
	}
	return undefined;
}

/** The package that a specifier names: `@scope/name/part` -> `@scope/name`, `name/part` -> `name`. */
export function packageOf(specifier: string): string {
	return specifier
		.split("/")
		.slice(0, specifier.startsWith("@") ? 2 : 1)
		.join("/");
}
