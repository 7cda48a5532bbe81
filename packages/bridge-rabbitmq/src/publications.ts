import { BridgeError } from './bridge-error.js';

/** A message that waits for the broker's confirmation. */
export interface Publication {
  readonly queue: string;
  readonly body: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly isRepeatable: boolean;
  readonly mayWait: boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A publication as {@link Publications} keeps it. */
export interface Ticket {
  readonly publication: Publication;
  readonly dueAt: number;
  /** The link that it was written to; undefined while it was written to none. */
  link: number | undefined;
}

/**
 * The messages that the broker has not confirmed, in the order in which they came.
 *
 * Pure: the caller passes the time, what was written, what was confirmed and that a link is lost. All wait equally long, so
 * the first is always the next that is due.
 */
export class Publications {
  readonly #max: number;
  readonly #timeoutMs: number;
  readonly #tickets = new Set<Ticket>();

  constructor(max: number, timeoutMs: number) {
    this.#max = max;
    this.#timeoutMs = timeoutMs;
  }

  get size(): number {
    return this.#tickets.size;
  }

  /** When the first has waited too long. */
  get nextDeadline(): number | undefined {
    for (const { dueAt } of this.#tickets) return dueAt;
    return undefined;
  }

  /** @throws BridgeError `ERR_BRIDGE_FULL` */
  add(publication: Publication, now: number): Ticket {
    if (this.#tickets.size >= this.#max)
      throw new BridgeError('ERR_BRIDGE_FULL', `${this.#max} messages wait for the broker already`);
    const ticket = { publication, dueAt: now + this.#timeoutMs, link: undefined };
    this.#tickets.add(ticket);
    return ticket;
  }

  /** Those that were not written to the link, oldest first. */
  unwritten(): readonly Ticket[] {
    return [...this.#tickets].filter(({ link }) => link === undefined);
  }

  written(ticket: Ticket, link: number): void {
    ticket.link = link;
  }

  /** The broker has answered for one. Returns false when it was removed, or written again, meanwhile. */
  answered(ticket: Ticket, link: number): boolean {
    return ticket.link === link && this.#tickets.delete(ticket);
  }

  /**
   * A link is lost, and with it the broker's answers. What may be written again waits for the next link; returns the
   * others, removed.
   */
  lost(): readonly Ticket[] {
    const given: Ticket[] = [];
    for (const ticket of this.#tickets) {
      if (!ticket.publication.mayWait || (ticket.link !== undefined && !ticket.publication.isRepeatable))
        given.push(ticket);
      else ticket.link = undefined;
    }
    for (const ticket of given) this.#tickets.delete(ticket);
    return given;
  }

  /** Removes and returns what has waited too long. */
  expire(now: number): readonly Ticket[] {
    const expired: Ticket[] = [];
    for (const ticket of this.#tickets) {
      if (ticket.dueAt > now) break;
      expired.push(ticket);
    }
    for (const ticket of expired) this.#tickets.delete(ticket);
    return expired;
  }

  /** Removes and returns everything. */
  clear(): readonly Ticket[] {
    const all = [...this.#tickets];
    this.#tickets.clear();
    return all;
  }
}
