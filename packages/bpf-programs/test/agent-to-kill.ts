/** Captures until it is killed. */
import { openCapture, openRing } from "../src/index.ts";

const capture = openCapture();
openRing(capture.handle(0));
console.log("capturing");
setInterval(() => {}, 1000);
