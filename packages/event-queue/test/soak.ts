/** `npm run soak:queue`: 1,000,000 items through 4 producers and 4 consumers under each policy. `--items` for another number. */
import process from "node:process";
import { parseArgs } from "node:util";
import { channelLoad, POLICIES } from "./channel-load.ts";
import { sharedLoad } from "./shared-load.ts";

const { values } = parseArgs({ options: { items: { type: "string", default: "1000000" } } });
const items = Number(values.items);
if (!(items >= 400) || items % 4 !== 0) {
	throw new RangeError(`Cannot run with --items ${values.items}: it must be a multiple of 4, at least 400`);
}
for (const whenFull of POLICIES) {
	await channelLoad(whenFull, items);
	process.stdout.write(`one thread, ${whenFull}: ${items} items, each once or counted\n`);
	const { lost } = await sharedLoad({ items, whenFull, pauses: 50 });
	process.stdout.write(`eight threads, ${whenFull}: ${items} items, each once or counted (${lost} lost)\n`);
}
