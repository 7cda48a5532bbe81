import { graphemesOf, graphemeWidth } from '../../src/terminal/display-width.js';

/** An escape sequence: ESC, a bracket, an optional number, and the final character. */
const SEQUENCE = new RegExp(`^${String.fromCharCode(0x1b)}\\[(\\d*)([A-Za-z])`);

/**
 * Emulates the part of a terminal that a chat uses: scrolling rows, a cursor, and the sequences for moving up, moving
 * right and erasing to the end. Throws for any other sequence.
 */
export class ScreenModel {
  columns: number;
  readonly rows: number;
  /** All rows since the start, the scrolled ones too. Wide characters are followed by an empty cell. */
  #cells: string[][] = [[]];
  #row = 0;
  #column = 0;

  constructor(columns: number, rows: number) {
    this.columns = columns;
    this.rows = rows;
  }

  /** The visible rows, without cells that were never written. */
  lines(): string[] {
    return this.#cells.slice(this.#top).map((cells) => cells.join(''));
  }

  /** All rows, including those that have scrolled out of sight. */
  history(): string[] {
    return this.#cells.map((cells) => cells.join(''));
  }

  get cursor(): { row: number; column: number } {
    return { row: this.#row - this.#top, column: this.#column };
  }

  /** Changes the number of columns and rewraps long rows as terminals do. */
  resize(columns: number): void {
    this.columns = columns;
    const cells = this.#cells;
    this.#cells = [];
    let row = 0;
    for (const [index, line] of cells.entries()) {
      const pieces = Math.max(1, Math.ceil(line.length / columns));
      if (index === this.#row) {
        row = this.#cells.length + Math.floor(Math.min(this.#column, line.length - 1) / columns);
      }
      for (let piece = 0; piece < pieces; piece++)
        this.#cells.push(line.slice(piece * columns, (piece + 1) * columns));
    }
    this.#row = row;
    this.#column %= columns;
  }

  write(text: string): void {
    let rest = text;
    while (rest !== '') {
      const sequence = SEQUENCE.exec(rest);
      if (sequence !== null) {
        this.#execute(sequence[2] ?? '', Number(sequence[1] || 1));
        rest = rest.slice(sequence[0].length);
        continue;
      }
      const end = rest.indexOf('\u001b', 1);
      const plain = end < 0 ? rest : rest.slice(0, end);
      for (const grapheme of graphemesOf(plain)) this.#put(grapheme);
      rest = rest.slice(plain.length);
    }
  }

  get #top(): number {
    return Math.max(0, this.#cells.length - this.rows);
  }

  #execute(command: string, count: number): void {
    if (command === 'A') this.#row = Math.max(this.#top, this.#row - count);
    else if (command === 'C') this.#column = Math.min(this.columns - 1, this.#column + count);
    else if (command === 'J') {
      this.#cells.length = this.#row + 1;
      this.#cells[this.#row]?.splice(this.#column);
    } else throw new Error(`unknown terminal sequence: ${command}`);
  }

  #put(grapheme: string): void {
    if (grapheme === '\r') {
      this.#column = 0;
      return;
    }
    if (grapheme === '\n') {
      this.#nextRow();
      return;
    }
    const width = graphemeWidth(grapheme);
    if (this.#column + width > this.columns) this.#nextRow();
    const cells = this.#cells[this.#row] ?? [];
    while (cells.length < this.#column) cells.push(' ');
    cells.splice(this.#column, width, grapheme, ...(width === 2 ? [''] : []));
    this.#column += width;
  }

  #nextRow(): void {
    this.#row += 1;
    this.#column = 0;
    if (this.#row === this.#cells.length) this.#cells.push([]);
  }
}
