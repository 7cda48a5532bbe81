import { displayWidth } from '../terminal/display-width.js';
import type { Style } from '../terminal/style.js';
import { wrapText } from '../terminal/wrap-text.js';
import { formatEntry } from './format-entry.js';
import { secondsUntil } from './plain-screen.js';
import type { LinkStatus, Screen } from './screen.js';
import type { Entry } from './transcript.js';

/** The part of a terminal's output stream that is needed. */
interface TerminalOutput {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** What is being typed. */
interface InputLine {
  readonly prompt: string;
  readonly text: string;
  readonly textBeforeCursor: string;
}

const NO_INPUT: InputLine = { prompt: '', text: '', textBeforeCursor: '' };

/**
 * A chat on a terminal: below, drawn again at each change, what may still change (the oldest line that waits and all
 * behind it), how the link is, and the line that is being typed; above, in the terminal's own memory, what is final.
 */
export class TerminalScreen implements Screen {
  readonly #output: TerminalOutput;
  readonly #style: Style;
  readonly #now: () => number;
  #live: Entry[] = [];
  #status: LinkStatus | undefined;
  #input: InputLine = NO_INPUT;
  /** Rows of the drawn block down to the cursor; of its own row what is before it. */
  #rowsToCursor: string[] = [''];
  #isClosed = false;

  /** `now` gives milliseconds since 1970. */
  constructor(output: TerminalOutput, style: Style, now: () => number) {
    this.#output = output;
    this.#style = style;
    this.#now = now;
  }

  /** Whether something is shown that changes with time: then {@link redraw} once a second. */
  get isCountingDown(): boolean {
    return this.#status?.retryAt !== undefined;
  }

  added(entry: Entry): void {
    this.#live.push(entry);
    this.redraw();
  }

  /** Replaces the entry where it still can be; one that has scrolled away is shown again. */
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

  /** Brings the cursor to the block's first column and row, and erases all from there. */
  #toTop(): string {
    const { columns } = this.#output;
    // A terminal that has become narrower since shows one row as several.
    const up = this.#rowsToCursor.reduce((rows, row) => rows + wrapText(row, columns).length, -1);
    this.#rowsToCursor = [''];
    return `${up > 0 ? `\u001b[${up}A` : ''}\r\u001b[J`;
  }

  /** Takes out the rows that will not change any more, and those for which there is no room left. */
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
    const next = retryAt === undefined ? '' : ` Next try in ${secondsUntil(retryAt, this.#now())} s.`;
    return wrapText(this.#style.bad(`* ${text}${next}`), this.#output.columns);
  }

  #rowsOf(entry: Entry): string[] {
    return wrapText(formatEntry(entry, this.#style), this.#output.columns);
  }
}

function isOpen(entry: Entry): boolean {
  return entry.kind === 'outgoing' && entry.delivery.state === 'waiting';
}
