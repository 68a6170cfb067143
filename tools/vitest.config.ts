import type { ViteUserConfig } from "vitest/config";
import base from "../vitest.base.ts";

/** The tools' tests lie beside their code, as everywhere; there is just no `src` around them. */
const config: ViteUserConfig = {
	...base,
	test: { ...base.test, include: ["*.test.ts", "{checks,container,deploy,docs,release,soak,traffic}/*.test.ts"] },
};
export default config;
