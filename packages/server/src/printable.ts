/**
 * Control characters, of which a terminal takes U+001B and U+009B as the start of a command; characters that change the
 * direction of text, and so the order in which it is read; and the line breaks of Unicode.
 */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/**
 * Makes a text that others have written safe for a terminal and a log: escapes what {@link UNPRINTABLE} matches as
 * `\uXXXX`, except line feeds. Inside the strings of a JSON text it means the same as before.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (character) => (character === '\n' ? character : escaped(character)));
}

/** The same on one line: line feeds are escaped too, so that no text can imitate another line. */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
