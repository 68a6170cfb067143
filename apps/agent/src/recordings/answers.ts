/** The kinds of answers from outside in a recording, by socket: an `Attribution`, or the time at which it was found to be over. */
export const ANSWER = { attribution: "attribution", ended: "ended" } as const;
