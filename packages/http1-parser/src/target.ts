/** `/path?query`, `http://host/path`, `host:port` of CONNECT, or `*`. */
export type TargetForm = "origin" | "absolute" | "authority" | "asterisk";

/** The form of a target (RFC 9112, section 3.2). */
export function formOf(target: string, connect: boolean): TargetForm | undefined {
	if (target.charCodeAt(0) === 47) return "origin";
	if (target === "*") return "asterisk";
	if (authorityStart(target) > 0) return "absolute";
	return connect ? "authority" : undefined;
}

/** Behind "scheme://", or 0. */
export function authorityStart(target: string): number {
	const at = target.indexOf("://");
	const slash = target.indexOf("/");
	return at > 0 && at + 1 === slash ? at + 3 : 0;
}

/** The authority without a user's name and password, which are nobody's host (RFC 9110, section 4.2.4). */
export function withoutLogin(authority: string): string {
	return authority.slice(authority.lastIndexOf("@") + 1);
}

/** Where the authority that begins at `from` ends. */
export function authorityEnd(target: string, from: number): number {
	for (let i = from; i < target.length; i++) {
		const c = target.charCodeAt(i);
		if (c === 47 || c === 63 || c === 35) return i;
	}
	return target.length;
}
