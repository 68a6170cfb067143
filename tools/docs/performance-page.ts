import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../workspace.ts";

const INTRODUCTION = `# Performance

What watching costs, measured on one machine and generated from [bench/RESULTS.md](../bench/RESULTS.md), which has everything that was
measured, and how. Read ratios, not absolute figures: your machine has others. \`wirescribe plan\` says what the hooks cost on yours.

What to reckon with:

- The processes that are watched pay for the programs on their system calls; every other system call of the machine pays some 50 ns while the
  agent runs.
- The agent's own CPU grows with the requests that it logs. Selecting (\`--port\`, \`--role server\`, \`--comm\`) is the cheapest way to less.
- TLS that is read costs most, each call of the library: \`--no-tls\` leaves it out.
`;

/** docs/performance.md: of the results what an operator wants to know; goals that were missed as well as those that were met. */
export function performancePage(): string {
	const results = readFileSync(join(root, "bench/RESULTS.md"), "utf8");
	const sections = [
		...results.matchAll(/<!-- (?:begin (\w+)|(\w+):begin) -->\n([\s\S]*?)\n<!-- (?:end \1|\2:end) -->/g),
	];
	const goals = sections.flatMap(([, first, second, text = ""]) => goalsOf(first ?? second ?? "", text));
	const agent = sections.find(([, name]) => name === "agent")?.[3];
	if (agent === undefined)
		throw new Error("Cannot find the agent's section in bench/RESULTS.md: run npm run bench:agent");
	const verdicts = `## Goals\n\n${goals.map(({ text }) => text).join("\n")}\n`;
	return `${INTRODUCTION}\n${withoutGoals(agent)}\n\n${verdicts}`;
}

/** The lines `- what: figure (goal: …): met` of a section. */
function goalsOf(section: string, text: string): { readonly text: string }[] {
	return [...text.matchAll(/^- (.*\(goal: .*)$/gm)].map(([, line]) => ({ text: `- ${section}: ${line}` }));
}

function withoutGoals(text: string): string {
	return text.replaceAll(/^- .*\(goal: .*\n*/gm, "").trim();
}
