/** What went wrong: the configuration, the way to the server, what the server said, or what it sent. */
export type KubernetesErrorCode =
	| "ERR_KUBERNETES_CONFIG"
	| "ERR_KUBERNETES_CONNECTION"
	| "ERR_KUBERNETES_STATUS"
	| "ERR_KUBERNETES_GONE"
	| "ERR_KUBERNETES_PROTOCOL";

/** An error of this package. `status` is the server's HTTP status, where it gave one. */
export class KubernetesError extends Error {
	readonly code: KubernetesErrorCode;
	readonly status: number | undefined;

	constructor(code: KubernetesErrorCode, message: string, options: ErrorOptions & { readonly status?: number } = {}) {
		super(message, options);
		this.name = "KubernetesError";
		this.code = code;
		this.status = options.status;
	}
}
