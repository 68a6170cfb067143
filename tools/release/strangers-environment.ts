import process from "node:process";

/**
 * An environment of a stranger's: nothing that makes our sources or our node_modules known. How a network is reached stays:
 * without its own authorities npm tries again and again, and seems to stand still.
 */
export function strangersEnvironment(): NodeJS.ProcessEnv {
	const ours = /^(?:npm_|NODE_(?!EXTRA_CA_CERTS$)|DENO_(?!CERT$)|BUN_|INIT_CWD)/;
	const kept = Object.entries(process.env).filter(([name]) => !ours.test(name));
	return { ...Object.fromEntries(kept), NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
}
