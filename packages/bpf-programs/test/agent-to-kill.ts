/** Captures until it is killed, TLS included. */
import { openCapture, openRing } from "../src/index.ts";
import { attachOpenssl, findLibssl } from "./libssl.ts";

const capture = openCapture();
openRing(capture.handle(0));
attachOpenssl(capture, findLibssl());
console.log("capturing");
setInterval(() => {}, 1000);
