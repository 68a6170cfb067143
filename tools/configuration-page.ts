/**
 * `npm run docs`: the tables of docs/configuration.md, made of the agent's own table of keys.
 *
 *     node --conditions=@wirescribe/source tools/configuration-page.ts           write them
 *     node --conditions=@wirescribe/source tools/configuration-page.ts --check   say whether they are what they should be
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Setting, type SettingType, variableOf } from "../apps/agent/src/config/setting.ts";
import { SETTINGS } from "../apps/agent/src/config/settings.ts";
import { ONLY, WITHOUT_MEANING } from "../apps/agent/src/config/without-meaning.ts";

const file: string = join(import.meta.dirname, "../docs/configuration.md");

const TITLES: Readonly<Record<string, string>> = {
	core: "Where the log goes: `core`",
	process_discovery: "Whose processes these are: `process_discovery`",
	access_log: "What is logged: `access_log`",
	policy: "What of it leaves: `policy`",
	capture: "How it is captured: `capture`",
	agent: "The agent itself: `agent`",
};

/** The page as it should be: what stands between the marks is replaced. */
export function configurationPage(page: string): string {
	return [
		["keys", keyTables()],
		["without-meaning", withoutMeaningTable()],
	].reduce((text, [name, table]) => between(text, name as string, table as string), page);
}

/** The page as it is. */
export function committedPage(): string {
	return readFileSync(file, "utf8");
}

function between(page: string, name: string, table: string): string {
	const [begin, end] = [`<!-- ${name}: made by npm run docs -->\n`, `<!-- /${name} -->\n`];
	const [from, to] = [page.indexOf(begin), page.indexOf(end)];
	if (from < 0 || to < from) throw new Error(`Cannot make the tables of ${file}: it has no marks '${begin.trim()}'`);
	return `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`;
}

function keyTables(): string {
	const sections = Map.groupBy(SETTINGS, ({ key }) => key.split(".")[0] as string);
	return [...sections]
		.map(([section, settings]) => {
			const rows = settings.map((setting) => [
				`\`${setting.key}\``,
				typeText(setting.type),
				defaultText(setting),
				setting.about,
				alsoText(setting),
				setting.reload === "live" ? "yes" : "restart",
			]);
			return `### ${TITLES[section] ?? `\`${section}\``}\n\n${table(["key", "takes", "default", "what it does", "also as", "reload"], rows)}`;
		})
		.join("\n");
}

function withoutMeaningTable(): string {
	const idle = WITHOUT_MEANING.map(({ keys, why, variables }) => [code(keys), code(variables), `a warning: ${why}`]);
	const only = Object.entries(ONLY).map(([key, { env, otherwise }]) => [
		code([key]),
		code([env]),
		`an error: ${otherwise}`,
	]);
	return table(["keys", "variables", "what becomes of them"], [...idle, ...only]);
}

function typeText(type: SettingType): string {
	switch (type.kind) {
		case "boolean":
			return "true or false";
		case "choice":
			return type.choices.map((choice) => `\`${choice}\``).join(", ");
		case "list":
			return type.min === undefined ? `list of ${type.of}` : `list of ${type.of}, ${type.min} to ${type.max}`;
		case "number":
			return `${type.min} to ${type.max}${type.or === undefined ? "" : ` or \`${type.or}\``}`;
		case "size":
			return `${sizeText(type.min)} to ${sizeText(type.max)}`;
		case "address":
			return "HOST:PORT";
		case "file":
			return "path";
		default:
			return "text";
	}
}

function sizeText(bytes: number): string {
	const power = Math.floor(Math.log2(bytes) / 10);
	return `${bytes / 2 ** (10 * power)}${["", "KB", "MB", "GB", "TB"][power]}`;
}

function defaultText({ default: text }: Setting): string {
	if (text === "") return "";
	return text.includes(" ") ? text : `\`${text}\``;
}

function alsoText(setting: Setting): string {
	const flag = setting.flag === false ? [] : [`--${setting.option}`];
	return code([...flag, variableOf(setting), ...(setting.env ? [setting.env] : [])]);
}

function code(names: readonly string[]): string {
	return names.map((name) => `\`${name}\``).join(", ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
	const line = (cells: readonly string[]): string =>
		`| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
	return line(head) + line(head.map(() => "---")) + rows.map(line).join("");
}

function main(check: boolean): number {
	const page = configurationPage(committedPage());
	const same = page === committedPage();
	if (!check && !same) writeFileSync(file, page);
	console.log(`${same ? "same   " : check ? "STALE: npm run docs" : "written"} ${file}`);
	return same || !check ? 0 : 1;
}

if (import.meta.main) process.exitCode = main(process.argv.includes("--check"));
