/** An option of a data policy that cannot be used: the message says which, why, and what would do. */
export class PolicyError extends Error {
	override readonly name: "PolicyError" = "PolicyError";
	readonly code: "ERR_POLICY_OPTION" = "ERR_POLICY_OPTION";
}
