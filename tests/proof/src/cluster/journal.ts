/** Name of a sender and its receiver. */
export type Pair = `${string}>${string}`;

/** What a user of the proof wrote down, by the machine's monotonic clock, in milliseconds. */
type JournalEntry =
  /** A message was given to a client. `node`: that of the sender. Messages of a pair are numbered from 0. */
  | {
      readonly kind: 'sent';
      readonly pair: Pair;
      readonly number: number;
      readonly at: number;
      readonly node: string;
    }
  /** `once`: it has certainly not been retransmitted. */
  | { readonly kind: 'acknowledged'; readonly pair: Pair; readonly number: number; readonly once: boolean }
  /** The application of the receiver got it. `node`: that of the receiver. */
  | {
      readonly kind: 'handed';
      readonly pair: Pair;
      readonly number: number;
      readonly at: number;
      readonly node: string;
    }
  | { readonly kind: 'kicked'; readonly userId: string; readonly code: number };

/** The counts of a run. */
interface ClusterVerdict {
  readonly sent: number;
  readonly acknowledged: number;
  /** Acknowledged to the sender, and never handed over. */
  readonly missing: number;
  /** Handed over more than once. */
  readonly duplicated: number;
  /** Handed over after a later message of the pair, neither of them retransmitted. */
  readonly outOfOrder: number;
  /** The same, to receivers whose node gave up the order because the database did not answer. */
  readonly exempt: number;
  /** Users that were kicked out: none has a second client. */
  readonly kicked: number;
}

/** Counts from what was written down. `delayed`: receivers whose node gave up the order for a time. */
export function judge(journal: Iterable<JournalEntry>, delayed: ReadonlySet<string>): ClusterVerdict {
  const pairs = new Map<Pair, PairRecord>();
  const counts = { sent: 0, acknowledged: 0, kicked: 0 };
  for (const entry of journal) {
    if (entry.kind === 'kicked') {
      counts.kicked += 1;
      continue;
    }
    const record = pairs.get(entry.pair) ?? new PairRecord();
    pairs.set(entry.pair, record);
    if (entry.kind === 'handed') record.handed.push(entry.number);
    else counts[entry.kind] += 1;
    if (entry.kind === 'acknowledged') record.acknowledged.set(entry.number, entry.once);
  }
  let [missing, duplicated, outOfOrder, exempt] = [0, 0, 0, 0];
  for (const [pair, record] of pairs) {
    missing += record.missing();
    duplicated += record.duplicated();
    if (delayed.has(receiverOf(pair))) exempt += record.outOfOrder();
    else outOfOrder += record.outOfOrder();
  }
  return { ...counts, missing, duplicated, outOfOrder, exempt };
}

function receiverOf(pair: Pair): string {
  return pair.slice(pair.indexOf('>') + 1);
}

class PairRecord {
  /** Whether each acknowledged message was written only once. */
  readonly acknowledged = new Map<number, boolean>();
  readonly handed: number[] = [];

  missing(): number {
    const handed = new Set(this.handed);
    return [...this.acknowledged.keys()].filter((number) => !handed.has(number)).length;
  }

  duplicated(): number {
    return this.handed.length - new Set(this.handed).size;
  }

  outOfOrder(): number {
    let [last, count] = [-1, 0];
    for (const number of this.handed) {
      if (this.acknowledged.get(number) !== true) continue;
      if (number < last) count += 1;
      last = Math.max(last, number);
    }
    return count;
  }
}

/** The journal of a run, and who waits for messages between nodes. */
export class Journal {
  readonly entries: JournalEntry[] = [];
  readonly #sentAt = new Map<string, { readonly at: number; readonly node: string }>();
  /** By nodes of sender and receiver: when the last message was sent that has been handed over. */
  readonly #routes = new Map<string, number>();

  add(entry: JournalEntry): void {
    this.entries.push(entry);
    if (entry.kind === 'sent') this.#sentAt.set(`${entry.pair} ${entry.number}`, entry);
    if (entry.kind !== 'handed') return;
    const sent = this.#sentAt.get(`${entry.pair} ${entry.number}`);
    if (sent === undefined) return;
    const route = `${sent.node} ${entry.node}`;
    this.#routes.set(route, Math.max(this.#routes.get(route) ?? 0, sent.at));
  }

  /** Whether a message that was sent after `since` has come from one node to the other. */
  hasPassed(from: string, to: string, since: number): boolean {
    return (this.#routes.get(`${from} ${to}`) ?? 0) >= since;
  }
}
