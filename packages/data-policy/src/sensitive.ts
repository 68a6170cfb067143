/*
 * Names whose values are secrets by custom. They are masked wherever values are shown, unless somebody has named exactly this one.
 */

const HEADERS: ReadonlySet<string> = new Set([
	"authorization",
	"proxy-authorization",
	"authentication-info",
	"proxy-authentication-info",
	"cookie",
	"cookie2",
	"set-cookie",
	"set-cookie2",
	"sec-websocket-key",
	"sec-websocket-accept",
	"x-amz-content-sha256",
	"x-forwarded-user",
	"x-remote-user",
	"x-client-cert",
	"x-forwarded-client-cert",
	"ssl-client-cert",
]);

/** Parts of names, with `-`, `_` and case left out. */
const PARTS =
	/authori[sz]ation|authentication|oauth|authkey|authcode|token|secret|passw|passphrase|passcode|apikey|accesskey|privatekey|credential|session|cookie|signature|csrf|xsrf|pincode|cardnumber|assertion/;

/** Whole words of names: as parts they would be in `businessName`, too. */
const WORDS: ReadonlySet<string> = new Set("auth pwd pass otp jwt sid ssn cvv cvc iban".split(" "));

/** A header whose value is a secret by custom; the name in lower case. */
export function isSensitiveHeader(name: string): boolean {
	return HEADERS.has(name) || isSensitiveField(name);
}

/** A field of a JSON object or a form whose value is a secret by custom. */
export function isSensitiveField(name: string): boolean {
	if (PARTS.test(name.toLowerCase().replaceAll(/[-_. ]/g, ""))) return true;
	return name
		.replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
		.split(/[^A-Za-z0-9]+/)
		.some((word) => WORDS.has(word.toLowerCase()));
}
