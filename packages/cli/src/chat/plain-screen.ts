import { graphemesOf } from '../terminal/display-width.js';
import { createStyle } from '../terminal/style.js';
import { formatEntry } from './format-entry.js';
import type { LinkStatus, Screen } from './screen.js';
import type { Entry } from './transcript.js';

/** Maximum characters of a line that are shown again when its delivery is known. */
const MAX_REPEATED = 60;

const PLAIN = createStyle({}, {});

/**
 * Screen for pipes and files: lines are only appended, without colours. A sent line appears when it is read (`…`) and
 * again when its delivery is known (`✓`, `✗`). Notices have their own output.
 */
export class PlainScreen implements Screen {
  readonly #writeMessage: (text: string) => void;
  readonly #writeNotice: (text: string) => void;
  readonly #now: () => number;

  /** `now` returns milliseconds since 1970. */
  constructor(writeMessage: (text: string) => void, writeNotice: (text: string) => void, now: () => number) {
    this.#writeMessage = writeMessage;
    this.#writeNotice = writeNotice;
    this.#now = now;
  }

  added(entry: Entry): void {
    const write = entry.kind === 'notice' ? this.#writeNotice : this.#writeMessage;
    write(`${formatEntry(entry, PLAIN, this.#now())}\n`);
  }

  /** Shows the entry again, with a long text shortened. */
  changed(entry: Entry): void {
    this.added({ ...entry, text: shorten(entry.text) });
  }

  setLinkStatus(status: LinkStatus | undefined): void {
    if (status === undefined) return;
    const { text, retryAt } = status;
    const next = retryAt === undefined ? '' : ` Retrying in ${secondsUntil(retryAt, this.#now())} s.`;
    this.#writeNotice(`* ${text}${next}\n`);
  }

  close(): void {}
}

function shorten(text: string): string {
  const characters = graphemesOf(text);
  return characters.length <= MAX_REPEATED ? text : `${characters.slice(0, MAX_REPEATED).join('')}…`;
}

/** Whole seconds until an instant, at least 0. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1000));
}
