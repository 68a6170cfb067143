import { mergeConfig, type ViteUserConfig } from "vitest/config";
import base from "../../vitest.base.ts";

const config: ViteUserConfig = mergeConfig(base, { test: { globalSetup: "./test/tracefs-as-found.ts" } });
export default config;
