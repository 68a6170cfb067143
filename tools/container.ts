/** `node tools/container.ts FOLDER`: makes the container's file tree in an empty folder, after `npm ci` and `npm run build`. As root. */
import process from "node:process";
import { buildTree } from "./container/tree.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("Cannot make a container's tree: give the folder to make it in");
buildTree(folder);
