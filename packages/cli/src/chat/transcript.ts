/** What became of a line that was sent. */
export type Delivery =
  | { readonly state: 'waiting' }
  /** The other side has received it, or the server keeps it for them. */
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

/** Something that the program itself has to say. */
interface NoticeEntry {
  readonly kind: 'notice';
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'good' | 'bad';
}

export type Entry = OutgoingEntry | IncomingEntry | NoticeEntry;

/** Where a transcript is seen. Entries are replaced, never changed: the id tells which. */
export interface TranscriptView {
  added(entry: Entry): void;
  changed(entry: Entry): void;
}

/** What was said, in order, and what became of it. */
export class Transcript {
  readonly #view: TranscriptView;
  readonly #waiting = new Map<number, OutgoingEntry>();
  #lastId = 0;
  #failed = 0;
  #whenSettled: (() => void)[] = [];

  constructor(view: TranscriptView) {
    this.#view = view;
  }

  /** Lines whose delivery is not known yet. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Lines that were not delivered. */
  get failed(): number {
    return this.#failed;
  }

  /** Returns the id to settle it with. */
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

  /** Without effect for what is settled already. */
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

  /** Resolves when at most so many lines are not settled. */
  async atMostWaiting(count: number): Promise<void> {
    while (this.#waiting.size > count) await new Promise<void>((resume) => this.#whenSettled.push(resume));
  }

  #nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }
}
