/** `npm run release:dry`: the whole release but for its last step, in a copy of the repository. Nothing here is touched, nothing is published. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { TemporaryCopy } from "./temporary-copy.ts";

using copy = await TemporaryCopy.make();
const args = ["--conditions=@wirescribe/source", "tools/release/rehearsal.ts", ...process.argv.slice(2)];
const rehearsal = spawn(process.execPath, args, { cwd: copy.folder, stdio: "inherit" });
// It ends what it has started; then the copy can go.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => rehearsal.kill(signal));
const [code] = (await once(rehearsal, "close")) as [number | null];
process.exitCode = code ?? 1;
