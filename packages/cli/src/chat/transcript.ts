/** Delivery state of a sent line. */
export type Delivery =
  | { readonly state: 'waiting' }
  /** The receiver has it, or the server has stored it. */
  | { readonly state: 'delivered' }
  | { readonly state: 'failed'; readonly reason: string };

export interface OutgoingEntry {
  readonly kind: 'outgoing';
  readonly id: number;
  readonly to: string;
  readonly text: string;
  readonly delivery: Delivery;
}

interface IncomingEntry {
  readonly kind: 'incoming';
  readonly id: number;
  readonly from: string;
  readonly text: string;
}

/** A message of the program itself. */
interface NoticeEntry {
  readonly kind: 'notice';
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'good' | 'bad';
}

export type Entry = OutgoingEntry | IncomingEntry | NoticeEntry;

/** Displays a transcript. Entries are replaced, not modified; the id identifies them. */
export interface TranscriptView {
  added(entry: Entry): void;
  changed(entry: Entry): void;
}

/** The lines of a chat, in order, with their delivery states. */
export class Transcript {
  readonly #view: TranscriptView;
  readonly #waiting = new Map<number, OutgoingEntry>();
  #lastId = 0;
  #failed = 0;
  #whenSettled: (() => void)[] = [];

  constructor(view: TranscriptView) {
    this.#view = view;
  }

  /** Number of lines whose delivery is not known yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Number of lines that were not delivered. */
  get failed(): number {
    return this.#failed;
  }

  /** Adds a sent line. Returns the id for {@link settle}. */
  outgoing(to: string, text: string): number {
    const entry: OutgoingEntry = {
      kind: 'outgoing',
      id: this.#nextId(),
      to,
      text,
      delivery: { state: 'waiting' },
    };
    this.#waiting.set(entry.id, entry);
    this.#view.added(entry);
    return entry.id;
  }

  /** Sets the delivery state of a line. Ignored if it is already settled. */
  settle(id: number, delivery: Exclude<Delivery, { readonly state: 'waiting' }>): void {
    const entry = this.#waiting.get(id);
    if (entry === undefined) return;
    this.#waiting.delete(id);
    if (delivery.state === 'failed') this.#failed += 1;
    this.#view.changed({ ...entry, delivery });
    const waiters = this.#whenSettled;
    this.#whenSettled = [];
    for (const resume of waiters) resume();
  }

  incoming(from: string, text: string): void {
    this.#view.added({ kind: 'incoming', id: this.#nextId(), from, text });
  }

  notice(text: string, tone: NoticeEntry['tone'] = 'info'): void {
    this.#view.added({ kind: 'notice', id: this.#nextId(), text, tone });
  }

  /** Resolves when at most `count` lines are not settled. */
  async atMostWaiting(count: number): Promise<void> {
    while (this.#waiting.size > count) await new Promise<void>((resume) => this.#whenSettled.push(resume));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
