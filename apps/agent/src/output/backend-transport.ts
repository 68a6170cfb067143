import { h2Transport, type Transport } from "@wirescribe/sender";
import type { DeliveryOptions } from "../cli/delivery-options.ts";

/** A transport for each lane, as the options ask for it. grpc-js is loaded only for those who want it. */
export async function transportFactory(
	to: { readonly target: string; readonly path: string },
	{ authentication, compression, tls, transport }: DeliveryOptions,
): Promise<() => Transport> {
	const options = {
		...to,
		...(authentication === undefined ? {} : { metadata: { Authentication: authentication } }),
		...(tls === undefined ? {} : { tls }),
	};
	if (transport === "h2") {
		return () => h2Transport({ ...options, ...(compression === undefined ? {} : { compression }) });
	}
	const { grpcTransport } = await import("@wirescribe/sender/grpc");
	return () => grpcTransport(options);
}
