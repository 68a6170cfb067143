import {
	type ChannelCredentials,
	type ChannelOptions,
	Client,
	connectivityState,
	credentials,
	Metadata,
	type ServiceError,
} from "@grpc/grpc-js";
import { ownStatus, UNAVAILABLE } from "./h2-status.ts";
import { failedStream } from "./h2-stream.ts";
import { askedDelayMs } from "./retry-info.ts";
import { TlsFiles, type TlsOptions } from "./tls.ts";
import { type Transport, UNIT_METADATA, type UnitRequest, type UnitStatus, type UnitStream } from "./transport.ts";

export interface GrpcTransportOptions {
	/** `host:port`, `[ip6]:port`, or any target that grpc-js resolves. */
	readonly target: string;
	/** The client-streaming method: `/package.Service/method`. */
	readonly path: string;
	/** Sent with every stream, `Authentication` for instance. */
	readonly metadata?: Readonly<Record<string, string>>;
	/** TLS by files; when one has changed, the next unit goes by a new channel. Default: plain text. */
	readonly tls?: TlsOptions;
	/** Whatever else grpc-js can, in place of `tls`. */
	readonly credentials?: ChannelCredentials;
	/** Over the defaults below. */
	readonly channelOptions?: ChannelOptions;
}

const channelDefaults: ChannelOptions = {
	// We try whole units again. grpc-js' own buffer would hide 1 MiB of backpressure for each stream; switching retries
	// off does not switch the buffer off, size 0 does.
	"grpc.enable_retries": 0,
	"grpc.per_rpc_retry_buffer_size": 0,
	"grpc.retry_buffer_size": 0,
	// Senders with the same target would otherwise share one TCP connection.
	"grpc.use_local_subchannel_pool": 1,
	"grpc.enable_channelz": 0,
	// Keepalive stays off: servers at their defaults answer pings with GOAWAY. Lack of progress finds a black hole.
	"grpc.initial_reconnect_backoff_ms": 250,
	"grpc.min_reconnect_backoff_ms": 250,
	"grpc.max_reconnect_backoff_ms": 5000,
};

const serialize = (message: Uint8Array): Buffer =>
	Buffer.from(message.buffer as ArrayBuffer, message.byteOffset, message.byteLength);
const deserialize = (bytes: Buffer): Buffer => bytes;

/** Streams over grpc-js: each unit one call of the method, its messages ready bytes. Connects with the first unit. */
export function grpcTransport(options: GrpcTransportOptions): Transport {
	const { target, tls } = options;
	const files = tls === undefined || options.credentials ? null : new TlsFiles(tls);
	let closed = false;
	const dial = (): GrpcChannel => openChannel(options, files, (change) => transport.onConnection?.(change));
	const transport: Transport = {
		name: target,
		onConnection: null,
		open(request) {
			if (!closed && files?.changed()) {
				try {
					const next = dial();
					channel.retire();
					channel = next;
				} catch (error) {
					return failedStream(ownStatus(UNAVAILABLE, `no connection to ${target}: ${error}`, false));
				}
			}
			return channel.open(request);
		},
		close() {
			closed = true;
			channel.close();
		},
	};
	let channel = dial();
	return transport;
}

/** One channel of grpc-js. It connects again by itself, always with the certificates that it was made with. */
interface GrpcChannel {
	open(request: UnitRequest): UnitStream;
	/** What is on its way comes to its end; then it is closed. */
	retire(): void;
	close(): void;
}

function openChannel(
	options: GrpcTransportOptions,
	files: TlsFiles | null,
	tell: (change: { connected: boolean }) => void,
): GrpcChannel {
	const client = new Client(options.target, options.credentials ?? credentialsOf(files), {
		...channelDefaults,
		...(options.tls?.serverName === undefined ? {} : { "grpc.ssl_target_name_override": options.tls.serverName }),
		...options.channelOptions,
	});
	const channel = client.getChannel();
	let closed = false;
	let retired = false;
	let streams = 0;
	let connections = 0;
	let ready = false;

	// The channel's state tells whether a stream that failed can have reached the peer: only if it was READY meanwhile.
	function watch(): void {
		if (closed) return;
		const state = channel.getConnectivityState(false);
		const now = state === connectivityState.READY;
		if (now && !ready) connections++;
		if (now !== ready) {
			ready = now;
			if (!retired) tell({ connected: now });
		}
		channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, watch);
	}

	function open({ id, deadlineMs }: UnitRequest): UnitStream {
		const metadata = new Metadata();
		for (const [name, value] of Object.entries(options.metadata ?? {})) metadata.set(name, value);
		metadata.set(UNIT_METADATA, id);
		const before = ready ? connections - 1 : connections;
		const { promise: status, resolve } = Promise.withResolvers<UnitStatus>();
		streams++;
		const call = client.makeClientStreamRequest(
			options.path,
			serialize,
			deserialize,
			metadata,
			{ deadline: Date.now() + deadlineMs },
			(error: ServiceError | null) => {
				streams--;
				if (retired && streams === 0) close();
				resolve(statusOf(error, connections > before));
			},
		);
		// The callback has told; without a listener the stream would throw.
		call.on("error", () => {});
		return {
			status,
			write: (message) => call.write(message),
			drain: () => new Promise((room) => call.once("drain", room)),
			end: () => call.end(),
			cancel: () => call.cancel(),
		};
	}

	function retire(): void {
		if (ready) tell({ connected: false });
		retired = true;
		if (streams === 0) close();
	}

	function close(): void {
		closed = true;
		client.close();
	}

	watch();
	return { open, retire, close };
}

function credentialsOf(files: TlsFiles | null): ChannelCredentials {
	if (files === null) return credentials.createInsecure();
	const { ca = null, key = null, cert = null } = files.read();
	return credentials.createSsl(ca, key, cert);
}

function statusOf(error: ServiceError | null, reached: boolean): UnitStatus {
	if (error === null) return { code: 0, message: "OK", retryDelayMs: null, reached: true };
	const { code, details, metadata } = error;
	const statusDetails = metadata.get("grpc-status-details-bin")[0];
	const pushback = metadata.get("grpc-retry-pushback-ms")[0];
	return {
		code,
		message: details,
		retryDelayMs: askedDelayMs(
			pushback === undefined ? undefined : String(pushback),
			statusDetails instanceof Uint8Array ? statusDetails : null,
		),
		reached,
		// What grpc-js says when the peer has reset the stream, whatever code it makes of that.
		broken: details.startsWith("Received RST_STREAM"),
	};
}
