import { displayWidth } from '../terminal/display-width.js';
import type { Style } from '../terminal/style.js';
import { wrapText } from '../terminal/wrap-text.js';
import { formatEntry } from './format-entry.js';
import { secondsUntil } from './plain-screen.js';
import type { LinkStatus, Screen } from './screen.js';
import type { Entry } from './transcript.js';

/** The part of a terminal's output stream that is used here. */
interface TerminalOutput {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** The input line. */
interface InputLine {
  readonly prompt: string;
  readonly text: string;
  readonly textBeforeCursor: string;
}

const NO_INPUT: InputLine = { prompt: '', text: '', textBeforeCursor: '' };

/**
 * Screen for a terminal. The lower block is redrawn at each change: the entries from the oldest unsettled one on, the
 * state of the connection, and the input line. Entries above it are final and belong to the terminal's scrollback.
 */
export class TerminalScreen implements Screen {
  readonly #output: TerminalOutput;
  readonly #style: Style;
  readonly #now: () => number;
  #live: Entry[] = [];
  #status: LinkStatus | undefined;
  #input: InputLine = NO_INPUT;
  /** Rows of the drawn block down to the cursor; the cursor's own row only up to the cursor. */
  #rowsToCursor: string[] = [''];
  #isClosed = false;

  /** `now` returns milliseconds since 1970. */
  constructor(output: TerminalOutput, style: Style, now: () => number) {
    this.#output = output;
    this.#style = style;
    this.#now = now;
  }

  /** Whether a countdown is shown, which requires {@link redraw} once a second. */
  get isCountingDown(): boolean {
    return this.#status?.retryAt !== undefined;
  }

  added(entry: Entry): void {
    this.#live.push(entry);
    this.redraw();
  }

  /** Replaces the entry if it is still in the redrawn block; otherwise shows it again. */
  changed(entry: Entry): void {
    const index = this.#live.findIndex(({ id }) => id === entry.id);
    if (index >= 0) this.#live[index] = entry;
    else this.#live.push(entry);
    this.redraw();
  }

  setLinkStatus(status: LinkStatus | undefined): void {
    this.#status = status;
    this.redraw();
  }

  setInput(input: InputLine): void {
    this.#input = input;
    this.redraw();
  }

  close(): void {
    if (this.#isClosed) return;
    const final = this.#live.flatMap((entry) => this.#rowsOf(entry));
    this.#output.write(`${this.#toTop()}${final.map((row) => `${row}\n`).join('')}`);
    this.#isClosed = true;
  }

  redraw(): void {
    if (this.#isClosed) return;
    const { columns } = this.#output;
    const input = wrapText(`${this.#input.prompt}${this.#input.text}`, columns);
    const beforeCursor = wrapText(`${this.#input.prompt}${this.#input.textBeforeCursor}`, columns);
    const status = this.#statusRows();
    const final = this.#takeFinal(this.#output.rows - input.length - status.length - 1);
    const above = [...this.#live.flatMap((entry) => this.#rowsOf(entry)), ...status];
    const up = input.length - beforeCursor.length;
    const right = displayWidth(beforeCursor.at(-1) ?? '');
    const text =
      final.map((row) => `${row}\n`).join('') +
      [...above, ...input].join('\n') +
      (up > 0 ? `\u001b[${up}A` : '') +
      (right > 0 ? `\r\u001b[${right}C` : '\r');
    this.#output.write(this.#toTop() + text);
    this.#rowsToCursor = [...above, ...beforeCursor];
  }

  /** Moves the cursor to the start of the block and erases everything from there. */
  #toTop(): string {
    const { columns } = this.#output;
    // If the terminal became narrower, it shows one row as several.
    const up = this.#rowsToCursor.reduce((rows, row) => rows + wrapText(row, columns).length, -1);
    this.#rowsToCursor = [''];
    return `${up > 0 ? `\u001b[${up}A` : ''}\r\u001b[J`;
  }

  /** Removes the rows that are final, and those for which there is no room. */
  #takeFinal(room: number): string[] {
    const final: string[] = [];
    let used = this.#live.reduce((rows, entry) => rows + this.#rowsOf(entry).length, 0);
    while (this.#live.length > 0) {
      const first = this.#live[0];
      if (first === undefined || (isOpen(first) && used <= room)) break;
      const rows = this.#rowsOf(first);
      this.#live.shift();
      used -= rows.length;
      final.push(...rows);
    }
    return final;
  }

  #statusRows(): string[] {
    if (this.#status === undefined) return [];
    const { text, retryAt } = this.#status;
    const next = retryAt === undefined ? '' : ` Retrying in ${secondsUntil(retryAt, this.#now())} s.`;
    return wrapText(this.#style.bad(`* ${text}${next}`), this.#output.columns);
  }

  #rowsOf(entry: Entry): string[] {
    return wrapText(formatEntry(entry, this.#style, this.#now()), this.#output.columns);
  }
}

function isOpen(entry: Entry): boolean {
  return entry.kind === 'outgoing' && entry.delivery.state === 'waiting';
}
