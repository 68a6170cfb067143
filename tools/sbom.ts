/** `npm run sbom -- FILE`: writes what is in the container as a CycloneDX document; to stdout without a file. */
import { writeFileSync } from "node:fs";
import process from "node:process";
import { makeBom } from "./container/sbom.ts";

const text = `${JSON.stringify(makeBom(), null, 2)}\n`;
const [file] = process.argv.slice(2);
if (file === undefined) process.stdout.write(text);
else writeFileSync(file, text);
