import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { DataPolicyOptions } from "@wirescribe/data-policy";
import { tuning } from "../config/tuning.ts";
import type { WatchSelection } from "../live/selection.ts";
import { CONTROL_DEFAULTS, CONTROL_SPECS, type ControlOptions, parseControl } from "./control-options.ts";
import { DELIVERY_DEFAULTS, DELIVERY_SPECS, type DeliveryOptions, parseDelivery } from "./delivery-options.ts";
import { CliError, EXIT } from "./errors.ts";
import { HOST_SPECS, parseHostProc } from "./host-options.ts";
import {
	KUBERNETES_SPECS,
	type KubernetesOptions,
	parseKubernetes,
	parseWorkloads,
	WORKLOAD_SPECS,
} from "./kubernetes-options.ts";
import {
	OBSERVABILITY_DEFAULTS,
	OBSERVABILITY_SPECS,
	type ObservabilityOptions,
	parseObservability,
} from "./observability-options.ts";
import {
	byteSize,
	hostPort,
	numberList,
	type OptionSpecs,
	oneOf,
	type ParsedArguments,
	parseCommand,
	text,
	usageError,
} from "./options.ts";
import { POLICY_SPECS, parsePolicy } from "./policy-options.ts";
import {
	PROTECTION_DEFAULTS,
	PROTECTION_SPECS,
	type ProtectionOptions,
	parseProtection,
} from "./protection-options.ts";
import { parseSelection, SELECTION_SPECS } from "./selection-options.ts";

/** What `run` and `replay` share: what to look at, where to send it. */
export interface WatchOptions {
	readonly output: "text" | "json" | undefined;
	readonly backend: { readonly host: string; readonly port: number } | undefined;
	readonly delivery: DeliveryOptions;
	readonly selection: WatchSelection;
	/** What of each transaction leaves the partition. */
	readonly policy: DataPolicyOptions;
	/** Undefined: no cluster is asked. */
	readonly kubernetes: KubernetesOptions | undefined;
	readonly clusterName: string;
	/** Where processes are looked up: /proc, or where the host's is mounted. */
	readonly proc: string;
	readonly partitions: number | undefined;
	readonly queue: "ring" | "perf";
	readonly ledgerFile: string | undefined;
	readonly observability: ObservabilityOptions;
	readonly control: ControlOptions;
	readonly protection: ProtectionOptions;
	readonly queryValues: boolean;
	readonly tcpOperations: boolean;
	/** Attach to TLS libraries. */
	readonly tls: boolean;
	/** Bytes of each ring buffer (and of each CPU's perf buffer). */
	readonly ringBytes: number;
}

export const WATCH_SPECS: OptionSpecs = {
	output: { type: "string", value: "text|json", help: "lines on stdout; text on a terminal, else json" },
	backend: {
		type: "string",
		value: "HOST:PORT",
		help: "deliver to a SkyWalking OAP, a Satellite or 'wirescribe collect'",
	},
	...DELIVERY_SPECS,
	...SELECTION_SPECS,
	...POLICY_SPECS,
	...KUBERNETES_SPECS,
	...WORKLOAD_SPECS,
	...OBSERVABILITY_SPECS,
	...CONTROL_SPECS,
	...PROTECTION_SPECS,
	...HOST_SPECS,
	partitions: { type: "string", value: "N", help: "parallel data planes; 1 below 4 cores, else half the cores" },
	queue: { type: "string", value: "ring|perf", help: "ring buffers (default) or per-CPU perf buffers" },
	"ring-size": { type: "string", value: "BYTES", help: "size of each ring: 64KB to 64MB, default 8MB" },
	ledger: { type: "string", value: "FILE", help: "write the ledger as JSON at exit and on SIGUSR2" },
	"query-values": { type: "boolean", help: "show query values instead of x" },
	"no-tls": { type: "boolean", help: "attach to no TLS library: what a call costs, 'wirescribe doctor' says" },
	"tcp-operations": { type: "boolean", help: "report operations of connections that are not HTTP too" },
};

/** What a command looks at when nothing was asked: everything. */
export const WATCH_DEFAULTS: WatchOptions = {
	output: undefined,
	backend: undefined,
	delivery: DELIVERY_DEFAULTS,
	selection: { excludeNamespaces: [], excludeClusters: [] },
	policy: {},
	kubernetes: undefined,
	clusterName: "",
	proc: "/proc",
	partitions: undefined,
	queue: "ring",
	ledgerFile: undefined,
	observability: OBSERVABILITY_DEFAULTS,
	control: CONTROL_DEFAULTS,
	protection: PROTECTION_DEFAULTS,
	queryValues: false,
	tcpOperations: false,
	tls: true,
	ringBytes: 8 << 20,
};

/** Parses the options; undefined when help was asked for. `positionals` are the files a command takes. */
export function parseWatch(
	command: string,
	args: readonly string[],
	positionals = 0,
): { options: WatchOptions; files: readonly string[] } | undefined {
	const parsed = parseCommand(command, args, WATCH_SPECS, positionals);
	if (parsed.values["help"]) return undefined;
	return { files: parsed.positionals, options: watchOptions(command, parsed) };
}

/** The options that parsed arguments make, wherever these come from. */
export function watchOptions(command: string, parsed: ParsedArguments): WatchOptions {
	const backend = text(parsed, "backend");
	const partitions = numberList(command, parsed, "partitions", 1, 64)[0];
	const queue = oneOf(command, parsed, "queue", ["ring", "perf"]) ?? "ring";
	if (queue === "perf" && partitions !== undefined && partitions > 1 && command !== "replay") {
		throw usageError(command, "--queue perf has one partition: its buffers belong to CPUs, not to connections");
	}
	const ledgerFile = text(parsed, "ledger");
	if (ledgerFile !== undefined && !existsSync(dirname(ledgerFile) || ".")) {
		throw new CliError(`cannot write the ledger to '${ledgerFile}': the folder does not exist; create it`, EXIT.usage);
	}
	return {
		output: oneOf(command, parsed, "output", ["text", "json"]),
		backend: backend === undefined ? undefined : hostPort(command, "backend", backend),
		delivery: parseDelivery(command, parsed),
		...watched(command, parsed),
		policy: parsePolicy(command, parsed),
		proc: parseHostProc(parsed),
		partitions,
		queue,
		ledgerFile,
		observability: parseObservability(command, parsed),
		control: parseControl(command, parsed),
		protection: parseProtection(command, parsed),
		queryValues: parsed.values["query-values"] === true,
		tcpOperations: parsed.values["tcp-operations"] === true,
		tls: parsed.values["no-tls"] !== true,
		ringBytes: ringBytes(command, text(parsed, "ring-size")),
	};
}

/** What is looked at, and who names its workloads: for every command that watches or replays. */
export function watched(
	command: string,
	parsed: ParsedArguments,
): Pick<WatchOptions, "selection" | "kubernetes" | "clusterName"> {
	// A recording has its answers.
	const kubernetes = command === "replay" ? undefined : parseKubernetes(command, parsed);
	const { clusterName, ...excluded } = parseWorkloads(parsed, kubernetes !== undefined);
	return { kubernetes, clusterName, selection: { ...parseSelection(command, parsed), ...excluded } };
}

/** A ring's size is a power of two and a multiple of the page size: other sizes are rounded up. */
export function ringBytes(command: string, size: string | undefined): number {
	if (size === undefined) return tuning().ringBytes.value;
	const bytes = byteSize(command, "ring-size", size, 64 << 10, 64 << 20);
	return 2 ** Math.ceil(Math.log2(bytes));
}
