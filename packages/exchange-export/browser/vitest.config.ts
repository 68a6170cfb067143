import { defineConfig, type ViteUserConfig } from "vitest/config";

/** `vitest run --config browser/vitest.config.ts`: apart from the other tests, because it needs a browser. */
const config: ViteUserConfig = defineConfig({ test: { include: ["browser/**/*.test.ts"], hookTimeout: 600_000 } });
export default config;
