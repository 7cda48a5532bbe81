import { printable } from '@imcore/server/ports';

/**
 * Makes a text from another user safe to print on a terminal: keeps line feeds, turns other line ends into line feeds and
 * tabs into spaces, and escapes other control characters and those that change the direction of text.
 */
export function printableText(text: string): string {
  return printable(text.replace(/\r\n?/g, '\n').replace(/\t/g, '    '));
}
