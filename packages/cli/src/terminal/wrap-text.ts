import { graphemesOf, graphemeWidth } from './display-width.js';

const COLOUR = new RegExp(`(${String.fromCharCode(0x1b)}\\[[0-9;]*m)`);

/**
 * Cuts a text into the rows that it takes on a terminal of so many columns. A line feed begins a new row, colours take
 * no place. Never cuts a character: one that does not fit any more begins the next row.
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
