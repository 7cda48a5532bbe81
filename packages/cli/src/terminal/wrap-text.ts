import { graphemesOf, graphemeWidth } from './display-width.js';

const COLOUR = new RegExp(`(${String.fromCharCode(0x1b)}\\[[0-9;]*m)`);

/**
 * Wraps a text into rows of a terminal with this many columns. A line feed starts a new row, colours take no columns. A wide
 * character that does not fit starts the next row.
 */
export function wrapText(text: string, columns: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(2, columns)));
}

function wrapLine(line: string, columns: number): string[] {
  const rows: string[] = [];
  let row = '';
  let width = 0;
  for (const part of line.split(COLOUR)) {
    if (COLOUR.test(part)) {
      row += part;
      continue;
    }
    for (const grapheme of graphemesOf(part)) {
      const needed = graphemeWidth(grapheme);
      if (width + needed > columns) {
        rows.push(row);
        row = '';
        width = 0;
      }
      row += grapheme;
      width += needed;
    }
  }
  rows.push(row);
  return rows;
}
