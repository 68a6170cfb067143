import { ACCESS_LOG_SETTINGS } from "./access-log-settings.ts";
import { AGENT_SETTINGS } from "./agent-settings.ts";
import { CAPTURE_SETTINGS } from "./capture-settings.ts";
import { CORE_SETTINGS } from "./core-settings.ts";
import { POLICY_SETTINGS } from "./policy-settings.ts";
import { PROCESS_SETTINGS } from "./process-settings.ts";
import type { Setting } from "./setting.ts";

/**
 * Every key. Those of the reference agent have its names and places (`core`, `process_discovery`, `access_log`); ours stand beside
 * them. A new option of `run` is one row in its section; docs/configuration.md and `print-config` are made from it.
 */
export const SETTINGS: readonly Setting[] = [
	...CORE_SETTINGS,
	...PROCESS_SETTINGS,
	...ACCESS_LOG_SETTINGS,
	...POLICY_SETTINGS,
	...CAPTURE_SETTINGS,
	...AGENT_SETTINGS,
];
