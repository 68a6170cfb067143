import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Every package runs its tests from source: the scoped condition finds `src/*.ts` of its neighbours. */
const config: ViteUserConfig = defineConfig({
	ssr: { resolve: { conditions: ["@wirescribe/source", "node", "import", "default"] } },
	test: {
		include: ["src/**/*.test.ts", "test/**/*.test.ts"],
		// Against hanging only: a busy machine may take its time.
		testTimeout: 300_000,
		hookTimeout: 300_000,
		expect: { poll: { timeout: 120_000 } },
		env: { NODE_OPTIONS: "--conditions=@wirescribe/source" },
		execArgv: ["--conditions=@wirescribe/source"],
	},
});
export default config;
