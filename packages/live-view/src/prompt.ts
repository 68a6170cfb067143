/** A line that is being typed at the bottom of the frame. */
export interface Prompt {
	readonly text: string;
	/** Why what was typed cannot be used. */
	readonly error: string | undefined;
}

/** What a key makes of the line; keys that are no text leave it. */
export function typed(prompt: Prompt, key: string): Prompt {
	if (key === "backspace") return { text: [...prompt.text].slice(0, -1).join(""), error: undefined };
	if (key === "ctrl-u") return { text: "", error: undefined };
	if (key === "space") return { text: `${prompt.text} `, error: undefined };
	return [...key].length === 1 ? { text: prompt.text + key, error: undefined } : prompt;
}
