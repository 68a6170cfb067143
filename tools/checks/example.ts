/** The TypeScript block under a README's heading `## Example`: documentation that is run. Undefined when there is none. */
export function exampleOf(readme: string): string | undefined {
	const section = /^## Example[^\S\n]*\n([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(readme)?.[1];
	return section === undefined ? undefined : /^```ts\n([\s\S]*?)^```$/m.exec(section)?.[1];
}
