/** So many parts do the sockets have: `watched` of them can be watched (bpf/settings.bpf.h). */
export const WATCHED_ALL = 1024;

/**
 * Whether a socket is in the part that is watched, as the programs decide it (bpf/select.bpf.h). What a small part holds a larger one
 * holds, too; sockets born one after another are spread evenly.
 */
export function isInWatchedPart(socketId: number, watched: number): boolean {
	return Math.imul(socketId >>> 0, 2_654_435_769) >>> 22 < watched;
}
