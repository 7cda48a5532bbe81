import type { ServerMetrics } from '../metrics.js';
import type { StoreId } from '../ports/message-store.js';
import type { LiveSession } from '../sessions/live-session.js';
import type { Delivery } from './delivery.js';
import { InFlight } from './in-flight.js';
import type { Replay } from './replay.js';

/** What a message in flight costs beside its bytes, roughly. */
const OVERHEAD_BYTES = 512;

/** Messages that stand in line for one user at most. */
const MAX_LINE = 256;

const NOBODY: readonly Delivery[] = [];

/**
 * What waits for one user, in order: first what the store holds (`replay`), then what is in flight to the session.
 *
 * While a replay runs, new messages queue behind it in the store, and just before its end in a line here; without one
 * they are written at once.
 */
export class Mailbox {
  session: LiveSession | undefined = undefined;
  replay: Replay | undefined = undefined;
  #inFlight: InFlight | undefined = undefined;
  /** Absent while nothing stands in line: nearly always. */
  #line: Delivery[] | undefined = undefined;
  #unoffered = 0;
  #storedBytes = 0;

  /** Deliveries that were written and not acknowledged. */
  get unacknowledged(): number {
    return this.#inFlight?.size ?? 0;
  }

  /** Whether any of them was never offered to the store. */
  get hasUnoffered(): boolean {
    return this.#unoffered > 0;
  }

  /** What of them the store has as well, in bytes: memory that could be given back. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Whether new messages must queue behind older ones. */
  get isReplaying(): boolean {
    return this.replay !== undefined && !this.replay.isCaughtUp;
  }

  get isEmpty(): boolean {
    return this.session === undefined && this.unacknowledged === 0;
  }

  /** Lets a message stand in line for the end of the replay. Returns false where that is far, or there is no room. */
  standInLine(delivery: Delivery): boolean {
    const line = this.#line ?? [];
    if (this.replay?.isClosing !== true || line.length >= MAX_LINE) return false;
    line.push(delivery);
    this.#line = line;
    return true;
  }

  /** Takes out all that stands in line, in order. */
  leaveLine(): readonly Delivery[] {
    const line = this.#line ?? NOBODY;
    this.#line = undefined;
    for (const delivery of line) delivery.ring?.stop(delivery);
    return line;
  }

  add(fingerprint: string, delivery: Delivery): boolean {
    this.#inFlight ??= new InFlight();
    if (!this.#inFlight.add(fingerprint, delivery)) return false;
    delivery.mailbox = this;
    this.#count(delivery, 1);
    return true;
  }

  take(fingerprint: string, from: string | undefined): Delivery | undefined {
    const delivery = this.#inFlight?.take(fingerprint, from);
    if (delivery === undefined) return undefined;
    delivery.mailbox = undefined;
    this.#count(delivery, -1);
    return delivery;
  }

  /** The store has a message that is in flight under this id: a new one, where it was a dead letter meanwhile. */
  isStoredAs(id: StoreId, fingerprint: string, from: string): void {
    const delivery = this.#inFlight?.find(fingerprint, from);
    if (delivery?.custody === 'stored') delivery.storeId = id;
  }

  remove(fingerprint: string, delivery: Delivery): void {
    this.#inFlight?.remove(fingerprint, delivery);
    delivery.mailbox = undefined;
    this.#count(delivery, -1);
  }

  /** Takes out everything in flight, oldest first. */
  drain(): Delivery[] {
    const all = this.#inFlight?.drain() ?? [];
    for (const delivery of all) delivery.mailbox = undefined;
    this.#unoffered = 0;
    this.#storedBytes = 0;
    return all;
  }

  /** What is in flight, oldest first. */
  values(): Iterable<Delivery> {
    return this.#inFlight?.values() ?? [];
  }

  /** A delivery in flight passes into other hands. */
  pass(delivery: Delivery, custody: Delivery['custody']): void {
    this.#count(delivery, -1);
    delivery.custody = custody;
    this.#count(delivery, 1);
  }

  /** Whether a delivery is one of the so many that have been in flight the longest. */
  isAmongOldest(delivery: Delivery, count: number): boolean {
    let left = count;
    for (const older of this.values()) {
      if (older === delivery) return true;
      left -= 1;
      if (left === 0) return false;
    }
    return false;
  }

  #count({ custody, body }: Delivery, sign: 1 | -1): void {
    if (custody === 'memory') this.#unoffered += sign;
    else if (custody === 'stored') this.#storedBytes += sign * (body.length + OVERHEAD_BYTES);
  }
}

/** A message is no longer with its receiver. */
export function takeBack(delivery: Delivery, metrics: ServerMetrics): void {
  delivery.ring?.stop(delivery);
  if (delivery.fingerprint !== undefined) delivery.mailbox?.remove(delivery.fingerprint, delivery);
  metrics.messagesInFlight -= 1;
}
