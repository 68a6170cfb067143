import { mergeConfig, type ViteUserConfig } from "vitest/config";
import base from "../../vitest.base.ts";

/** One file at a time: each watches the whole machine, and some count every request of it. */
const config: ViteUserConfig = mergeConfig(base, { test: { fileParallelism: false } });
export default config;
