import { readOption, tokenOf } from "./files.ts";
import { byteSize, type OptionSpecs, oneOf, type ParsedArguments, text, usageError, wholeNumber } from "./options.ts";

/** How the backend is spoken to, and what is done with records that it does not take. */
export interface DeliveryOptions {
	/** Frames straight over HTTP/2, or grpc-js, some 12 us a message dearer. */
	readonly transport: "h2" | "grpc";
	/** Undefined: plain text. */
	readonly tls: BackendTls | undefined;
	/** The value of the `Authentication` header. */
	readonly authentication: string | undefined;
	readonly compression: "gzip" | undefined;
	readonly lanes: number | "auto";
	readonly spool: { readonly folder: string; readonly maxBytes?: number } | undefined;
	/** A line for each unit that the backend has acknowledged. */
	readonly units: boolean;
}

export interface BackendTls {
	readonly caFile?: string;
	readonly certFile?: string;
	readonly keyFile?: string;
	readonly serverName?: string;
}

export const DELIVERY_SPECS: OptionSpecs = {
	transport: { type: "string", value: "h2|grpc", help: "gRPC straight over HTTP/2 (default), or by grpc-js" },
	"backend-tls": { type: "boolean", help: "speak TLS to the backend; the files below are read again when they change" },
	"backend-ca": { type: "string", value: "FILE", help: "whom to trust, PEM; default: what the runtime trusts" },
	"backend-cert": { type: "string", value: "FILE", help: "a certificate of our own (mutual TLS), with --backend-key" },
	"backend-key": { type: "string", value: "FILE", help: "its key" },
	"backend-name": { type: "string", value: "NAME", help: "the name in the backend's certificate, if not its host" },
	"backend-token": { type: "string", value: "FILE", help: "a file with the value of the Authentication header" },
	"backend-gzip": { type: "boolean", help: "compress messages: some 30 us of CPU each" },
	lanes: { type: "string", value: "N|auto", help: "connections to the backend, default 1; auto: by CPUs and memory" },
	spool: { type: "string", value: "FOLDER", help: "keep on disk what the backend does not take in time" },
	"spool-size": { type: "string", value: "BYTES", help: "how much the spool may hold, default 1GB" },
	units: { type: "boolean", help: "a line on stderr for each unit that the backend has acknowledged" },
};

export const DELIVERY_DEFAULTS: DeliveryOptions = {
	transport: "h2",
	tls: undefined,
	authentication: undefined,
	compression: undefined,
	lanes: 1,
	spool: undefined,
	units: false,
};

export function parseDelivery(command: string, parsed: ParsedArguments): DeliveryOptions {
	const transport = oneOf(command, parsed, "transport", ["h2", "grpc"]) ?? DELIVERY_DEFAULTS.transport;
	const gzip = parsed.values["backend-gzip"] === true;
	if (gzip && transport === "grpc") throw usageError(command, "--backend-gzip needs --transport h2");
	const options: DeliveryOptions = {
		transport,
		tls: parseTls(command, parsed),
		authentication: parseAuthentication(command, parsed),
		compression: gzip ? "gzip" : undefined,
		lanes: parseLanes(command, text(parsed, "lanes")),
		spool: parseSpool(command, parsed),
		units: parsed.values["units"] === true,
	};
	const given = Object.keys(DELIVERY_SPECS).find((name) => name !== "transport" && parsed.values[name] !== undefined);
	if (given !== undefined && text(parsed, "backend") === undefined) {
		throw usageError(command, `--${given} needs --backend HOST:PORT`);
	}
	return options;
}

/** A token itself is never on the command line: only a configuration or the environment has it. */
function parseAuthentication(command: string, parsed: ParsedArguments): string | undefined {
	const tokenFile = text(parsed, "backend-token");
	const token = text(parsed, "backend-authentication");
	if (tokenFile === undefined) return token;
	if (token === undefined) return tokenOf("backend-token", tokenFile);
	throw usageError(command, "--backend-token and --backend-authentication exclude each other");
}

function parseTls(command: string, parsed: ParsedArguments): BackendTls | undefined {
	const [caFile, certFile, keyFile] = ["ca", "cert", "key"].map((name) => text(parsed, `backend-${name}`));
	const serverName = text(parsed, "backend-name");
	const given = { caFile, certFile, keyFile, serverName };
	const tls = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as BackendTls;
	if (Object.keys(tls).length > 0 && parsed.values["backend-tls"] !== true) {
		throw usageError(command, "--backend-ca, --backend-cert, --backend-key and --backend-name need --backend-tls");
	}
	if ((certFile === undefined) !== (keyFile === undefined)) {
		throw usageError(command, "--backend-cert and --backend-key go together");
	}
	for (const file of [caFile, certFile, keyFile]) if (file !== undefined) readOption(file);
	return parsed.values["backend-tls"] === true ? tls : undefined;
}

function parseLanes(command: string, value: string | undefined): number | "auto" {
	if (value === undefined) return DELIVERY_DEFAULTS.lanes;
	return value === "auto" ? "auto" : wholeNumber(command, "lanes", value, 1, 64);
}

function parseSpool(command: string, parsed: ParsedArguments): DeliveryOptions["spool"] {
	const folder = text(parsed, "spool");
	const size = text(parsed, "spool-size");
	if (folder === undefined) {
		if (size !== undefined) throw usageError(command, "--spool-size needs --spool FOLDER");
		return undefined;
	}
	if (size === undefined) return { folder };
	return { folder, maxBytes: byteSize(command, "spool-size", size, 16 << 20, 2 ** 43) };
}
