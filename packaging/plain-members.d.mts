/** The same module without private names. */
export function toPlainMembers(source: string): string;
