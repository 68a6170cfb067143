// biome-ignore-all lint/suspicious/noTemplateCurlyInString: placeholders are what is tested
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseRun } from "../cli/config-options.ts";
import { WATCH_SPECS, watchOptions } from "../cli/watch-options.ts";
import { type Config, makeConfig } from "./config.ts";
import { printed } from "./print.ts";
import { ConfigError, problemLine } from "./problem.ts";
import { type Setting, variableOf } from "./setting.ts";
import { SETTINGS } from "./settings.ts";

const fixtures = join(import.meta.dirname, "../../test/fixtures/config");

interface Given {
	readonly file?: string;
	readonly flags?: readonly string[];
	readonly env?: Readonly<Record<string, string>>;
}

function config({ file = "", flags = [], env = {} }: Given): Config {
	return makeConfig("w.yaml", file, parseRun("run", flags), env);
}

function errors(given: Given): readonly string[] {
	try {
		config(given);
	} catch (error) {
		if (error instanceof ConfigError) return error.lines;
		throw error;
	}
	return [];
}

/** Value and source of one key, as print-config shows them. */
function shown(given: Given, key: string): unknown[] {
	const { value, source } = printed(config(given)).find((one) => one.key === key) ?? {};
	return [value, source];
}

describe("a configuration file that is wrong", () => {
	const invalid = readdirSync(fixtures).filter((name) => name.endsWith(".errors"));

	it.each(invalid)("is told all of it: %s", (name) => {
		const file = name.replace(".errors", ".yaml");
		let told = "";
		try {
			makeConfig(basename(file), readFileSync(join(fixtures, file), "utf8"), parseRun("run", []), {});
		} catch (error) {
			told = `${(error as ConfigError).lines.join("\n")}\n`;
		}
		expect(told).toBe(readFileSync(join(fixtures, name), "utf8"));
	});
});

describe("a value", () => {
	const key = "access_log.output";
	const file = "access_log:\n  output: text\n";

	it("comes of the flag, then our variable, then the file, then the default", () => {
		const env = { WIRESCRIBE_ACCESS_LOG_OUTPUT: "json" };
		expect(shown({ file, env, flags: ["--output", "text"] }, key)).toEqual(["text", "--output"]);
		expect(shown({ file, env }, key)).toEqual(["json", "WIRESCRIBE_ACCESS_LOG_OUTPUT"]);
		expect(shown({ file }, key)).toEqual(["text", "w.yaml:2"]);
		expect(shown({ file: "access_log:\n  output:\n" }, key)).toEqual(["json", "default"]);
		expect(shown({ file: "access_log:\n  output: ${OUTPUT:text}\n", env: { OUTPUT: "json" } }, key)).toEqual([
			"json",
			"w.yaml:2 ($OUTPUT)",
		]);
	});

	it("of the reference agent's variables is understood; an empty variable is none; ours is stronger", () => {
		const backend = "core.backend.addr";
		const rover = { ROVER_BACKEND_ADDR: "oap:11800" };
		expect(shown({ env: rover }, backend)).toEqual(["oap:11800", "ROVER_BACKEND_ADDR"]);
		expect(shown({ env: { ...rover, WIRESCRIBE_CORE_BACKEND_ADDR: "other:1" } }, backend)[0]).toBe("other:1");
		expect(shown({ env: { ROVER_BACKEND_ADDR: "" } }, backend)).toEqual([null, "default"]);
		expect(shown({ env: { WIRESCRIBE_CORE_BACKEND_ENABLE_TLS: "false" } }, "core.backend.enable_TLS")[0]).toBe(false);
	});

	it("may be a list, in YAML or with commas, and an empty one", () => {
		const ports = "access_log.select.ports";
		const of = (text: string): unknown => shown({ file: `access_log:\n  select:\n    ports: ${text}\n` }, ports)[0];
		expect(of("[80, 8080]")).toEqual(["80", "8080"]);
		expect(of("80,8080")).toEqual(["80", "8080"]);
		expect(of("\n      - 80\n      - ${P:9}")).toEqual(["80", "9"]);
		expect(of("[]")).toEqual([]);
		const namespaces = config({ file: 'access_log:\n  exclude_namespaces: ""\n' }).options.selection.excludeNamespaces;
		expect(namespaces).toEqual([]);
	});

	it("that is a secret is masked", () => {
		const secret = "core:\n  backend:\n    addr: a:1\n    authentication: hunter2\n";
		expect(JSON.stringify(printed(config({ file: secret })))).not.toContain("hunter2");
		expect(shown({ file: secret }, "core.backend.authentication")).toEqual(["***", "w.yaml:4"]);
		expect(config({ file: secret }).options.delivery.authentication).toBe("hunter2");
	});

	it("may come by an anchor", () => {
		const anchored = "access_log:\n  select: &it\n    ports: [80]\n";
		expect(shown({ file: anchored }, "access_log.select.ports")[0]).toEqual(["80"]);
		const alias = "core: {cluster_name: &name eu}\nprocess_discovery: {kubernetes: {node_name: *name}}\n";
		expect(shown({ file: alias }, "process_discovery.kubernetes.node_name")[0]).toBe("eu");
	});
});

describe("the environment", () => {
	it("is checked as the file is", () => {
		expect(
			errors({
				env: {
					WIRESCRIBE_CAPTURE_PARTITIONS: "many",
					ROVER_BACKEND_ENABLE_TLS: "perhaps",
					ROVER_ACCESS_LOG_ACTIVE: "false",
				},
			}),
		).toEqual([
			"environment: ROVER_BACKEND_ENABLE_TLS (core.backend.enable_TLS) takes true or false, not 'perhaps'",
			"environment: WIRESCRIBE_CAPTURE_PARTITIONS (capture.partitions) takes a whole number from 1 to 64, not 'many'",
			"environment: ROVER_ACCESS_LOG_ACTIVE (access_log.active) is 'false': the access log is all that this agent does: set it to true, or do not run the agent",
		]);
	});

	it("of the reference agent may say nothing here, which is a warning", () => {
		const { warnings } = config({ env: { ROVER_ACCESS_LOG_FLUSH_PERIOD: "5s", ROVER_HOST_ETC_MAPPING: "/host/etc" } });
		expect(warnings.map(problemLine)).toEqual([
			expect.stringMatching(/^environment: ROVER_ACCESS_LOG_FLUSH_PERIOD: without meaning here: .* there is no flush$/),
			"environment: ROVER_HOST_ETC_MAPPING: without meaning here: nothing is read from the host's /etc",
		]);
	});

	it("of names that are close to ours is a warning", () => {
		const { warnings } = config({ env: { WIRESCRIBE_CAPTURE_PARTITION: "2", WIRESCRIBE_DEBUG: "1", OTHER: "1" } });
		expect(warnings.map(problemLine)).toEqual([
			"environment: WIRESCRIBE_CAPTURE_PARTITION is no key of ours, did you mean WIRESCRIBE_CAPTURE_PARTITIONS?",
		]);
	});
});

describe("the reference agent's file", () => {
	const file = readFileSync(join(fixtures, "reference.yaml"), "utf8");
	const env = {
		ROVER_ACCESS_LOG_ACTIVE: "true",
		ROVER_CORE_CLUSTER_NAME: "eu",
		ROVER_ACCESS_LOG_EXCLUDE_CLUSTER: "us,ap",
	};

	it("is understood as it is", () => {
		const { options } = config({ file, env });
		expect(options).toMatchObject({
			backend: { host: "localhost", port: 11_800 },
			clusterName: "eu",
			selection: {
				excludeNamespaces: ["istio-system", "cert-manager", "kube-system"],
				excludeClusters: ["us", "ap"],
			},
			delivery: { tls: undefined, authentication: undefined },
		});
		expect(options.kubernetes).toBeUndefined();
	});

	it("says of each key without meaning why", () => {
		const { warnings } = config({ file, env });
		const lines = warnings.map(problemLine);
		expect(lines).toHaveLength(10);
		expect(lines[0]).toBe("w.yaml:2:1: logger: without meaning here: what the agent says goes to stderr, all of it");
		expect(lines.join("\n")).toContain(
			"w.yaml:35:5: access_log.connection_analyze.per_cpu_buffer, access_log.protocol_analyze.per_cpu_buffer: without meaning here: events go through a ring for each partition",
		);
	});

	it("goes without a client certificate that is not there, and says so; an authority that is not there is an error", () => {
		const tls = { ...env, ROVER_BACKEND_ENABLE_TLS: "true" };
		expect(errors({ file, env: tls })).toEqual([expect.stringMatching(/^w.yaml:12:5: cannot read 'ca.pem': ENOENT/)]);
		const { options, warnings } = config({ file, env: { ...tls, ROVER_BACKEND_CA_PEM_PATH: import.meta.filename } });
		expect(options.delivery.tls).toEqual({ caFile: import.meta.filename });
		expect(warnings.map(problemLine)).toContain(
			"w.yaml:9:5: core.backend.client_pem_path: there is no file 'client.pem': going without a client certificate",
		);
	});
});

describe("the table", () => {
	it("has each option of run, and nothing else", () => {
		const options = SETTINGS.filter(({ flag }) => flag !== false).map(({ option }) => option);
		expect(options.toSorted()).toEqual(Object.keys(WATCH_SPECS).toSorted());
		expect(new Set(SETTINGS.map(({ key }) => key)).size).toBe(SETTINGS.length);
	});

	it("names a variable for each key, each another one", () => {
		const names = SETTINGS.flatMap((setting) => [variableOf(setting), setting.env ?? []].flat());
		expect(new Set(names).size).toBe(names.length);
		expect(variableOf({ key: "core.backend.enable_TLS" })).toBe("WIRESCRIBE_CORE_BACKEND_ENABLE_TLS");
	});

	it("has the limits of the command line, and its choices", () => {
		const take = ({ option, type }: Setting, text: string): unknown => {
			const values = { backend: "h:1", spool: "/tmp", [option]: type.kind === "list" ? [text] : text };
			return watchOptions("run", { values, positionals: [] });
		};
		for (const setting of SETTINGS) {
			const { type } = setting;
			if (type.kind === "choice") {
				for (const choice of type.choices) expect(() => take(setting, choice), setting.key).not.toThrow(/takes/);
				expect(() => take(setting, "neither"), setting.key).toThrow(/takes/);
			}
			if (!("min" in type) || type.min === undefined || type.max === undefined) continue;
			for (const good of [type.min, type.max]) expect(() => take(setting, String(good)), setting.key).not.toThrow();
			for (const bad of [type.min - 1, type.max + 1])
				expect(() => take(setting, String(bad)), setting.key).toThrow(/takes/);
		}
	});

	it("has a default that the type takes, or says in words what it is", () => {
		for (const { key, default: text, type } of SETTINGS) {
			if (text === "" || text.includes(" ")) continue;
			expect(errors({ file: `${nested(key, text)}\n` }), key).toEqual([]);
			expect(type.kind).not.toBe("list");
		}
	});
});

/** A file that says one key. */
function nested(key: string, text: string): string {
	const parts = key.split(".");
	return `${parts.map((part, depth) => `${"  ".repeat(depth)}${part}:`).join("\n")} ${text}`;
}
