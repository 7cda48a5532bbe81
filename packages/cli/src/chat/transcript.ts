/** Delivery state of a sent line. */
export type Delivery =
  | { readonly state: 'waiting' }
  /** The receiver has it, or the server has stored it; `at`: when the server accepted it, in milliseconds since 1970. */
  | { readonly state: 'delivered'; readonly at?: number | undefined }
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
  /** When the server accepted it, in milliseconds since 1970; undefined at level `'v6'`. */
  readonly at?: number | undefined;
  /** Whether it comes from the history. */
  readonly isEarlier?: boolean | undefined;
}

/** A message that this user has sent, from another device or earlier. */
interface OwnEntry {
  readonly kind: 'own';
  readonly id: number;
  readonly to: string;
  readonly text: string;
  readonly at: number | undefined;
  /** Whether it comes from the history. */
  readonly isEarlier: boolean;
}

/** A received message, or an own one, as {@link Transcript} takes it. */
type ShownMessage = Omit<IncomingEntry, 'id'> | Omit<OwnEntry, 'id'>;

/** A message of the program itself. */
interface NoticeEntry {
  readonly kind: 'notice';
  readonly id: number;
  readonly text: string;
  readonly tone: 'info' | 'good' | 'bad';
}

export type Entry = OutgoingEntry | IncomingEntry | OwnEntry | NoticeEntry;

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

  /** Adds a message that this program has not sent. */
  message(message: ShownMessage): void {
    this.#view.added({ ...message, id: this.#nextId() });
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
