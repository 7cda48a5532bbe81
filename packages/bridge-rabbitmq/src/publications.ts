import { BridgeError } from '@imcore/server/ports';

/** A message that waits for the broker's confirmation. */
export interface Publication {
  readonly queue: string;
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>> | undefined;
  readonly isRepeatable: boolean;
  readonly mayWait: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface Entry {
  readonly publication: Publication;
  readonly dueAt: number;
  /** The link that it was written to; undefined while it was written to none. */
  link: number | undefined;
}

/** What {@link Publications.add} hands back to name a publication by. */
export type Ticket = Entry;

/**
 * The messages that the broker has not confirmed, in the order in which they came.
 *
 * Pure: it is told the time, what was written, what was confirmed and that a link is lost. All may wait equally long,
 * so the first is always the next that is due.
 */
export class Publications {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #entries = new Set<Entry>();

  constructor(max: number, timeoutMs: number) {
    this.#max = max;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** When the first has waited too long. */
  get nextDeadline(): number | undefined {
    for (const { dueAt } of this.#entries) return dueAt;
    return undefined;
  }

  /** @throws BridgeError `ERR_BRIDGE_FULL` */
  add(publication: Publication, now: number): Ticket {
    if (this.#entries.size >= this.#max)
      throw new BridgeError('ERR_BRIDGE_FULL', `${this.#max} messages wait for the broker already`);
    const entry = { publication, dueAt: now + this.#timeoutMs, link: undefined };
    this.#entries.add(entry);
    return entry;
  }

  /** Those that no link was given, oldest first. */
  unwritten(): readonly Ticket[] {
    return [...this.#entries].filter(({ link }) => link === undefined);
  }

  written(entry: Ticket, link: number): void {
    entry.link = link;
  }

  /** The broker has answered for one. Returns false when it was taken off, or written again, meanwhile. */
  answered(entry: Ticket, link: number): boolean {
    if (entry.link !== link || !this.#entries.has(entry)) return false;
    this.#entries.delete(entry);
    return true;
  }

  /**
   * A link is lost, and with it the broker's answers. What may be written again waits for the next link; returns the
   * others, with what they are to be told.
   */
  lost(): readonly Ticket[] {
    const given: Entry[] = [];
    for (const entry of this.#entries) {
      if (!entry.publication.mayWait || (entry.link !== undefined && !entry.publication.isRepeatable))
        given.push(entry);
      else entry.link = undefined;
    }
    for (const entry of given) this.#entries.delete(entry);
    return given;
  }

  /** Takes off what has waited too long. */
  expire(now: number): readonly Ticket[] {
    const expired: Entry[] = [];
    for (const entry of this.#entries) {
      if (entry.dueAt > now) break;
      expired.push(entry);
    }
    for (const entry of expired) this.#entries.delete(entry);
    return expired;
  }

  /** Takes off everything. */
  clear(): readonly Ticket[] {
    const all = [...this.#entries];
    this.#entries.clear();
    return all;
  }
}
