import { describe, expect, it } from "vitest";
import { SOURCES } from "../../packages/libbpf/native/sources.ts";
import { productionPackages } from "./production-packages.ts";
import { makeBom } from "./sbom.ts";

describe("the bill of materials", () => {
	const bom = makeBom();
	const names = bom.components.map(({ name }) => name);

	it("has every package of the container once, with version, licence and origin", () => {
		const shipped = productionPackages().filter(({ manifest }) => manifest.name !== bom.metadata.component.name);
		expect(names).toEqual(expect.arrayContaining(shipped.map(({ manifest }) => manifest.name)));
		const refs = bom.components.map((one) => one["bom-ref"]);
		expect(new Set(refs).size).toBe(refs.length);
		for (const { licenses, purl, version } of bom.components) {
			expect(purl).toMatch(/^pkg:(npm|deb|generic)\//);
			expect(version).toMatch(/\d/);
			expect(JSON.stringify(licenses)).not.toContain("NOASSERTION");
		}
	});

	it("has what is compiled into the prebuilt libraries, the runtime, and its libraries", () => {
		expect(names).toEqual(expect.arrayContaining([...SOURCES.map(({ name }) => name), "node", "libc6", "libstdc++6"]));
	});

	it("names what each depends on by components that are there", () => {
		const refs = new Set([bom.metadata.component, ...bom.components].map((one) => one["bom-ref"]));
		for (const { ref, dependsOn } of bom.dependencies)
			for (const one of [ref, ...dependsOn]) expect(refs).toContain(one);
	});

	it("has the hashes that the lock file has, and is the same each time", () => {
		const long = bom.components.find(({ name }) => name === "prom-client");
		expect(long?.hashes?.[0]?.content).toMatch(/^[0-9a-f]{128}$/);
		expect(makeBom()).toEqual(bom);
	});
});
