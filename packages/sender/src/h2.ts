import { type Compression, compressions } from "./compression.ts";
import { H2Connection, parseTarget } from "./h2-connection.ts";
import { ownStatus, UNAVAILABLE } from "./h2-status.ts";
import { failedStream, openStream } from "./h2-stream.ts";
import { TlsFiles, type TlsOptions } from "./tls.ts";
import { type Transport, UNIT_METADATA, type UnitRequest, type UnitStream } from "./transport.ts";

export interface H2TransportOptions {
	/** `host:port` or `[ip6]:port`. */
	readonly target: string;
	/** The client-streaming method: `/package.Service/method`. */
	readonly path: string;
	/** Sent with every stream, `Authentication` for instance: printable ASCII. */
	readonly metadata?: Readonly<Record<string, string>>;
	/** Default: plain text. */
	readonly tls?: TlsOptions;
	/**
	 * Compresses each message, at the price of CPU, so it pays only where bytes are dear. All gRPC peers know gzip; zstd and
	 * snappy are what OpenTelemetry's collectors and others in Go know besides. Default: none.
	 */
	readonly compression?: Compression;
}

/**
 * Streams over gRPC's framing straight on `node:http2`: many messages a write, next to no work for each. Connects with the
 * first unit; a connection that has failed is replaced with the next one.
 */
export function h2Transport(options: H2TransportOptions): Transport {
	const address = parseTarget(options.target);
	const metadata = checkedMetadata(options.metadata ?? {});
	if (!/^\/[!-~]+$/.test(options.path)) {
		throw new TypeError(
			`Cannot create an h2 transport as 'path' must be /package.Service/method: received "${options.path}"`,
		);
	}
	const tls = options.tls === undefined ? null : new TlsFiles(options.tls);
	const compression = checkedCompression(options.compression);
	let connection: H2Connection | null = null;
	let closed = false;

	function open({ id, deadlineMs }: UnitRequest): UnitStream {
		if (closed) return failedStream(ownStatus(UNAVAILABLE, "the transport is closed", false));
		if (tls?.changed()) connection?.retire();
		if (connection === null || !connection.usable) {
			try {
				connection = new H2Connection(address, tls?.read() ?? null, (connected) => {
					transport.onConnection?.({ connected });
				});
			} catch (error) {
				return failedStream(ownStatus(UNAVAILABLE, `no connection to ${options.target}: ${error}`, false));
			}
		}
		const headers = {
			":method": "POST",
			":scheme": tls === null ? "http" : "https",
			":authority": options.target,
			":path": options.path,
			"grpc-timeout": grpcTimeout(deadlineMs),
			"content-type": "application/grpc",
			te: "trailers",
			"user-agent": "wirescribe-sender",
			...(compression === null ? {} : { "grpc-encoding": compression }),
			...metadata,
			[UNIT_METADATA]: id,
		};
		return openStream(connection, headers, deadlineMs, compression);
	}

	function close(): void {
		closed = true;
		connection?.retire();
	}

	const transport: Transport = { name: options.target, onConnection: null, open, close };
	return transport;
}

/** gRPC's notation: at most 8 digits and a unit. */
export function grpcTimeout(ms: number): string {
	const units: readonly (readonly [string, number])[] = [
		["m", 1],
		["S", 1000],
		["M", 60_000],
		["H", 3_600_000],
	];
	for (const [unit, length] of units) {
		const value = Math.ceil(ms / length);
		if (value < 1e8) return `${value}${unit}`;
	}
	return "99999999H";
}

function checkedCompression(compression: Compression | undefined): Compression | null {
	if (compression === undefined || compressions.includes(compression)) return compression ?? null;
	throw new TypeError(
		`Cannot create an h2 transport as 'compression' must be one of ${compressions.join(", ")}: received "${compression}"`,
	);
}

const reserved: ReadonlySet<string> = new Set(["te", "content-type", "user-agent", "host", "connection"]);

function checkedMetadata(metadata: Readonly<Record<string, string>>): Record<string, string> {
	const checked: Record<string, string> = {};
	for (const [name, value] of Object.entries(metadata)) {
		const key = name.toLowerCase();
		if (!/^[0-9a-z_.-]+$/.test(key) || key.endsWith("-bin") || key.startsWith("grpc-") || reserved.has(key)) {
			throw new TypeError(`Cannot create an h2 transport as metadata may not be named "${name}"`);
		}
		if (!/^[ -~]*$/.test(value)) {
			throw new TypeError(`Cannot create an h2 transport as metadata "${name}" must be printable ASCII`);
		}
		checked[key] = value;
	}
	return checked;
}
