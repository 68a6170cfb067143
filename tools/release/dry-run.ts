/** `npm run release:dry`: the whole release but for its last step, in a copy of the repository. Nothing here is touched, nothing is published. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { onSignal } from "../command.ts";
import { TemporaryCopy } from "./temporary-copy.ts";

using copy = await TemporaryCopy.make();
const args = ["--conditions=@wirescribe/source", "tools/release/rehearsal.ts", ...process.argv.slice(2)];
const rehearsal = spawn(process.execPath, args, { cwd: copy.folder, stdio: "inherit" });
let interrupted = false;
onSignal((signal) => {
	interrupted = true;
	rehearsal.kill(signal);
});
const [code] = (await once(rehearsal, "close")) as [number | null];
// Compilers of a build that was broken off write for a moment more.
if (interrupted) await sleep(2000);
process.exitCode = code ?? 1;
