import { LOG_LEVELS } from "../logging/logger.ts";
import type { Setting } from "./setting.ts";

const BOOLEAN = { kind: "boolean" } as const;
const FILE = { kind: "file" } as const;

/** The keys of `agent`: the process itself. */
export const AGENT_SETTINGS: readonly Setting[] = [
	{
		key: "agent.metrics_listen",
		option: "metrics-listen",
		type: { kind: "address" },
		default: "",
		about: "Serve /metrics, /healthz and /readyz here, such as 127.0.0.1:9465. Nothing: nothing listens.",
		reload: "restart",
	},
	{
		key: "agent.log.format",
		option: "log-format",
		type: { kind: "choice", choices: ["text", "json"] },
		default: "text",
		about: "How the agent's own messages on stderr look.",
		reload: "restart",
	},
	{
		key: "agent.log.level",
		option: "log-level",
		type: { kind: "choice", choices: [...LOG_LEVELS] },
		default: "info",
		about: "Which of them are written.",
		reload: "restart",
	},
	{
		key: "agent.state_file",
		option: "state-file",
		type: FILE,
		default: "",
		about: "Where SIGUSR2 writes the whole state as JSON; to stderr, if not told.",
		reload: "live",
	},
	{
		key: "agent.measure_probes",
		option: "measure-probes",
		type: BOOLEAN,
		default: "false",
		about: "Have the kernel count what each program costs: in /metrics, on /plan and on SIGUSR2. Some 20 ns a run.",
		reload: "restart",
	},
	{
		key: "agent.cpu_budget",
		option: "cpu-budget",
		type: { kind: "text" },
		default: "",
		about:
			"Do less rather than use more than this part of one CPU: `10%`, `0.1`, `100m` (docs/self-protection.md). Nothing: no limit.",
		reload: "live",
	},
	{
		key: "agent.memory_budget",
		option: "memory-budget",
		type: { kind: "size", min: 64 << 20, max: 2 ** 40 },
		default: "",
		about: "Do less rather than hold more memory than this, files not counted. Nothing: no limit.",
		reload: "live",
	},
	{
		key: "agent.control.socket",
		option: "control",
		type: FILE,
		default: "",
		about: "A Unix socket by which a second agent with the same key knows of this one.",
		reload: "restart",
	},
	{
		key: "agent.control.takeover",
		option: "takeover",
		type: BOOLEAN,
		default: "false",
		about: "Take over from the agent that listens on that socket, without a gap.",
		reload: "restart",
	},
	{
		key: "agent.control.after_handover",
		option: "after-handover",
		type: { kind: "choice", choices: ["exit", "wait"] },
		default: "exit",
		about: "Once another one has taken over: exit, or wait for a signal, for supervisors that restart what exits.",
		reload: "restart",
	},
];
