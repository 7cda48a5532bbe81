import { CalmTime } from './calm-time.js';
import type { JournalEntry, Pair } from './journal.js';
import { type OrderExcuse, PairRecord } from './pair-record.js';
import { MEMBERS } from './population.js';
import { type Recovery, RecoveryMeter } from './recovery.js';
import { TwiceOnline } from './twice-online.js';

/**
 * How long an acknowledged message may wait for a user who is online while nothing is broken, in milliseconds. 3.5 s are
 * promised, 6 s where frames are lost.
 */
const LATE_MS = 6000;

/** How long a first login may wait in a node before it is handled, in milliseconds. A node is paused for 8 s at most. */
const UNANSWERED_MS = 15_000;

/** Descriptions of faults that are kept. */
const MAX_EXAMPLES = 20;

/** What must be 0. */
interface Violations {
  /** Acknowledged to the sender, and never delivered. Before the end some of them are still on their way. */
  missing: number;
  /** Delivered more than once by one client. An original client has recognized copies by their fingerprint before. */
  duplicated: number;
  /** Delivered after a later message of the pair, neither of them retransmitted, without an excuse. */
  outOfOrder: number;
  /** Acknowledged messages that waited for more than 6 s of calm for a user who was online. */
  late: number;
  /** Kick-outs without an excuse: no user has a second client. */
  kicked: number;
  /** Users with sessions at two nodes for more than 3.5 s of calm. */
  twiceOnline: number;
  /** Faults after which within 30 s not all users were served, or messages had not gone everywhere. */
  unrecovered: number;
  /** Users that are offline at the end. */
  offline: number;
}

/** What the journals say. */
export interface ClusterVerdict {
  readonly violations: Readonly<Violations>;
  /** Whether all nodes know each other and all users at the end. */
  readonly isAgreed: boolean;
  readonly sent: number;
  /** From the first message that was sent to the last one, in milliseconds. */
  readonly sendingMs: number;
  readonly acknowledged: number;
  readonly delivered: number;
  /** Copies that original clients wrote. */
  readonly retransmitted: number;
  /** Copies that original clients received. */
  readonly copies: number;
  /** Messages that were delivered after a later one, by the reason why that may be. */
  readonly excused: Readonly<Record<OrderExcuse, number>>;
  /**
   * Kick-outs of clients whose first login had not been answered, so that they tried again at another node. If the first node
   * handles its login later, this is a newcomer by the rule of the protocol: without the time of a first login the server
   * cannot tell it from a second client. Each unanswered first login excuses one kick-out in the next 15 s.
   */
  readonly excusedKicks: number;
  /** Longest calm time that an acknowledged message waited for a user who was online, in milliseconds. */
  readonly longestWaitMs: number;
  /** From sending to delivery, in milliseconds, in ascending order. */
  readonly transitMs: Float64Array;
  /** Recoveries by the name of the act, in the order in which the acts came first. */
  readonly recoveries: ReadonlyMap<string, readonly Recovery[]>;
  /** Some of the violations, described. */
  readonly examples: readonly string[];
}

/** Judges what was written down. Takes the entries of all journals in the order of time. */
export function check(journal: Iterable<JournalEntry>): ClusterVerdict {
  const checker = new Checker();
  for (const entry of journal) checker.add(entry);
  return checker.verdict();
}

class Checker {
  readonly #calm = new CalmTime();
  readonly #twice = new TwiceOnline();
  readonly #meter = new RecoveryMeter();
  readonly #pairs = new Map<Pair, PairRecord>();
  /** Acknowledged messages that were not delivered yet, with the receiver's calm time then. */
  readonly #waiting = new Map<string, { readonly receiver: string; readonly since: number }>();
  /** When nodes gave up the order, by receiver. */
  readonly #delays = new Map<string, number[]>();
  readonly #reports = new Map<string, { readonly known: number; readonly nodes: readonly string[] }>();
  readonly #recoveries = new Map<string, Recovery[]>();
  readonly #transitMs: number[] = [];
  readonly #counts = { sent: 0, acknowledged: 0, delivered: 0, retransmitted: 0, copies: 0 };
  readonly #examples: string[] = [];
  /** Users whose last login was a first one. */
  readonly #isFresh = new Set<string>();
  /** When each user sent first logins that were not answered. */
  readonly #unanswered = new Map<string, number[]>();
  #kicked = 0;
  #excusedKicks = 0;
  #late = 0;
  #longestWaitMs = 0;
  /** The act that is under way. */
  #act: string | undefined = undefined;
  #firstSentAt: number | undefined = undefined;
  #lastSentAt = 0;
  #now = 0;

  add(entry: JournalEntry): void {
    this.#now = entry.at;
    if (entry.kind === 'calm') this.#recovered();
    this.#calm.add(entry);
    this.#meter.add(entry);
    this.#twice.add(entry, this.#calm.isCalm);
    switch (entry.kind) {
      case 'began':
        this.#act = entry.act;
        return;
      case 'sent':
        this.#counts.sent += 1;
        this.#firstSentAt ??= entry.at;
        this.#lastSentAt = entry.at;
        return;
      case 'retransmitted':
        this.#counts.retransmitted += 1;
        return;
      case 'copy':
        this.#counts.copies += 1;
        return;
      case 'acknowledged':
        this.#acknowledged(entry);
        return;
      case 'delivered':
        this.#delivered(entry);
        return;
      case 'kicked':
        this.#kickedOut(entry.userId, entry.code);
        return;
      case 'fresh':
        this.#isFresh.add(entry.userId);
        this.#unanswered.set(entry.userId, [...(this.#unanswered.get(entry.userId) ?? []), entry.at]);
        return;
      case 'online':
        if (this.#isFresh.delete(entry.userId)) this.#unanswered.get(entry.userId)?.pop();
        return;
      case 'report':
        this.#reports.set(entry.node, entry);
        for (const { userId, at } of entry.delayed)
          this.#delays.set(userId, [...(this.#delays.get(userId) ?? []), at]);
        return;
      case 'offline':
      case 'ended':
      case 'calm':
        return;
      default:
        entry satisfies never;
    }
  }

  verdict(): ClusterVerdict {
    for (const [name, { receiver, since }] of this.#waiting) this.#waited(name, receiver, since);
    const excused: Record<OrderExcuse, number> = { 'store silent': 0, 'receiver on UDP': 0 };
    let [missing, duplicated, outOfOrder] = [0, 0, 0];
    for (const [pair, record] of this.#pairs) {
      const receiver = receiverOf(pair);
      for (const number of record.missing()) {
        missing += 1;
        this.#describe(`${pair} ${number} missing`);
      }
      for (const number of record.duplicated) {
        duplicated += 1;
        this.#describe(`${pair} ${number} duplicated`);
      }
      for (const { number, sentAt, at, excuse } of record.overtaken(
        UDP_USERS.has(receiver),
        this.#delays.get(receiver) ?? [],
      )) {
        if (excuse !== undefined) excused[excuse] += 1;
        else {
          outOfOrder += 1;
          this.#describe(`${pair} ${number} out of order, sent at ${sentAt}, delivered at ${at}`);
        }
      }
    }
    const recoveries = [...this.#recoveries.values()].flat();
    const isLost = ({ servedMs, messagesMs }: Recovery) => servedMs === undefined || messagesMs === undefined;
    const offline = MEMBERS.filter(({ userId }) => !this.#calm.isOnline(userId));
    for (const { userId } of offline) this.#describe(`${userId} offline`);
    for (const userId of this.#twice.users) this.#describe(`${userId} online twice`);
    return {
      ...this.#counts,
      violations: {
        missing,
        duplicated,
        outOfOrder,
        late: this.#late,
        kicked: this.#kicked,
        twiceOnline: this.#twice.users.size,
        unrecovered: recoveries.filter(isLost).length,
        offline: offline.length,
      },
      sendingMs: this.#lastSentAt - (this.#firstSentAt ?? this.#lastSentAt),
      isAgreed: [...this.#reports.values()].every(
        ({ known, nodes }) => known === MEMBERS.length && nodes.length === this.#reports.size - 1,
      ),
      excused,
      excusedKicks: this.#excusedKicks,
      longestWaitMs: this.#longestWaitMs,
      transitMs: Float64Array.from(this.#transitMs).sort(),
      recoveries: this.#recoveries,
      examples: this.#examples,
    };
  }

  #acknowledged(entry: JournalEntry & { readonly kind: 'acknowledged' }): void {
    const { pair, number, once, at } = entry;
    const record = this.#recordOf(pair);
    record.acknowledge(number, once);
    this.#counts.acknowledged += 1;
    if (record.isDelivered(number)) return;
    const receiver = receiverOf(pair);
    this.#waiting.set(`${pair} ${number}`, { receiver, since: this.#calm.of(receiver, at) });
  }

  #delivered(entry: JournalEntry & { readonly kind: 'delivered' }): void {
    const { pair, number, sentAt, at } = entry;
    this.#recordOf(pair).deliver({ number, sentAt, at });
    this.#counts.delivered += 1;
    this.#transitMs.push(at - sentAt);
    const name = `${pair} ${number}`;
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return;
    this.#waiting.delete(name);
    this.#waited(name, waiting.receiver, waiting.since);
  }

  #waited(name: string, receiver: string, since: number): void {
    const waitedMs = this.#calm.of(receiver, this.#now) - since;
    this.#longestWaitMs = Math.max(this.#longestWaitMs, waitedMs);
    if (waitedMs <= LATE_MS) return;
    this.#late += 1;
    this.#describe(`${name} waited ${Math.round(waitedMs)} ms until ${this.#now}`);
  }

  #kickedOut(userId: string, code: number): void {
    const unanswered = this.#unanswered.get(userId)?.filter((at) => this.#now - at <= UNANSWERED_MS) ?? [];
    if (unanswered.shift() !== undefined) {
      this.#unanswered.set(userId, unanswered);
      this.#excusedKicks += 1;
      return;
    }
    this.#kicked += 1;
    this.#describe(`${userId} kicked out with code ${code}`);
  }

  #recovered(): void {
    if (this.#act === undefined) return;
    this.#recoveries.set(this.#act, [...(this.#recoveries.get(this.#act) ?? []), this.#meter.recovery]);
    this.#act = undefined;
  }

  #recordOf(pair: Pair): PairRecord {
    let record = this.#pairs.get(pair);
    if (record === undefined) {
      record = new PairRecord();
      this.#pairs.set(pair, record);
    }
    return record;
  }

  #describe(text: string): void {
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(text);
  }
}

const UDP_USERS: ReadonlySet<string> = new Set(
  MEMBERS.filter(({ transport }) => transport === 'udp').map(({ userId }) => userId),
);

function receiverOf(pair: Pair): string {
  return pair.slice(pair.indexOf('>') + 1);
}
