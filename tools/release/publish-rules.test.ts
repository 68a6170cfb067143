import { expect, test } from "vitest";
import { readJson } from "../workspace.ts";
import { manifestRules, type PublishedManifest, tarballRules } from "./publish-rules.ts";

const FOLDER = "apps/agent";
const agent = readJson<PublishedManifest>(`${import.meta.dirname}/../../${FOLDER}/package.json`);
const HELD = ["package.json", "README.md", "LICENSE", "dist/main.js", "dist/main.d.ts", "src/main.ts"];

test("the agent's manifest breaks no rule", () => {
	expect(manifestRules(agent, FOLDER)).toEqual([]);
});

test.each<[string, Partial<PublishedManifest>]>([
	["license", { license: "MIT" }],
	["repository.url", { repository: { ...agent.repository, url: "git+https://github.com/someone/else.git" } }],
	["repository.directory", { repository: { ...agent.repository, directory: "packages/ffi" } }],
	["publishConfig.access", { publishConfig: { provenance: true } }],
	["publishConfig.provenance", { publishConfig: { access: "public" } }],
	["private", { private: true }],
	["description", { description: "" }],
])("another %s is found", (key, change) => {
	const broken = manifestRules({ ...agent, ...change }, FOLDER);
	expect(broken).toHaveLength(1);
	expect(broken[0]).toContain(key);
});

test("a tarball with all that the manifest names breaks no rule", () => {
	expect(tarballRules(agent, HELD)).toEqual([]);
});

test.each(HELD)("a tarball without %s is found", (path) => {
	const paths = HELD.filter((one) => one !== path);
	expect(tarballRules(agent, paths)).toEqual([`@wirescribe/agent: the tarball lacks ${path}`]);
});

test.each(["src/main.test.ts", "dist/.tsbuildinfo", ".npmrc", ".env", "node_modules/a/index.js"])(
	"a tarball with %s is found",
	(path) => {
		expect(tarballRules(agent, [...HELD, path])).toEqual([`@wirescribe/agent: the tarball holds ${path}`]);
	},
);
