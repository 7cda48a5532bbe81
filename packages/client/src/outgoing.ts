import { type Instant, NEVER, type Packet, RetransmissionWindow, type RetryPolicy } from '@imcore/protocol';
import { DeliveryError } from './errors.js';
import type { EarlyRetransmission, Turns } from './transport.js';

/** Limits of {@link Outgoing}. */
export interface OutgoingLimits {
  /** Maximum time from `add` to the acknowledgement, in milliseconds. */
  readonly sendTimeoutMs: number;
  /** Maximum number of pending messages. */
  readonly maxPendingMessages: number;
  /** Maximum size of pending messages, in UTF-8 bytes. */
  readonly maxPendingBytes: number;
  /** Maximum packet size of the transport, in UTF-8 bytes. */
  readonly maxSendBytes: number;
}

/** A message to send. */
export interface OutgoingMessage {
  /** The local id of the message; increases in the order of sending. */
  readonly ticket: number;
  readonly packet: Packet;
  /** The encoded packet. */
  readonly frame: string;
  /** Size of `frame` in UTF-8 bytes. */
  readonly bytes: number;
  /** When `send` was called, in milliseconds since 1970. */
  readonly queuedAt: number;
}

/** A message of an earlier run. */
export interface RestoredMessage extends OutgoingMessage {
  /** Time left until it is given up, in milliseconds. */
  readonly remainingMs: number;
}

/** A message that was written, and how often. */
interface WrittenMessage {
  readonly message: OutgoingMessage;
  readonly attempts: number;
}

/** A message that was given up, and why. */
interface Failed {
  readonly message: OutgoingMessage;
  readonly error: DeliveryError;
}

/** A pending message. */
export interface PendingMessage {
  readonly message: OutgoingMessage;
  readonly expiresAt: Instant;
  attempts: number;
  writtenAt: Instant;
}

/**
 * The pending messages of a client: those that wait for a link, and those that were written and not acknowledged yet.
 * They stay in the order of sending, also after a lost link.
 *
 * While a link is up, each message is retransmitted by the retry policy and given up after the last retry. A lossy
 * transport adds one early retransmission. After a lost link, all messages are written to the next link in order and
 * have all retries again. `sendTimeoutMs` limits the total time.
 *
 * Owns no timer and reads no clock. `nextDeadline` may be early; then `tick` does nothing.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class Outgoing {
  readonly #retry: RetryPolicy;
  readonly #limits: OutgoingLimits;
  readonly #early: EarlyRetransmission | undefined;
  #entries = new Map<number, PendingMessage>();
  readonly #byFingerprint = new Map<string, PendingMessage>();
  /** The messages written to the current link; undefined while there is no link. */
  #window: RetransmissionWindow<PendingMessage> | undefined;
  /** Only on a link that keeps no order: the messages that wait for the one to the same receiver that is under way. */
  #turns: Turns<PendingMessage> | undefined;
  #bytes = 0;
  #nextDeadline: Instant = NEVER;

  constructor(retry: RetryPolicy, limits: OutgoingLimits, early?: EarlyRetransmission) {
    this.#retry = retry;
    this.#limits = limits;
    this.#early = early;
  }

  get size(): number {
    return this.#entries.size;
  }

  get nextDeadline(): Instant {
    return this.#nextDeadline;
  }

  has(fingerprint: string): boolean {
    return this.#byFingerprint.has(fingerprint);
  }

  /** Returns an error if a message of this size exceeds the transport's maximum. */
  tooLarge(bytes: number): DeliveryError | undefined {
    const { maxSendBytes } = this.#limits;
    if (bytes <= maxSendBytes) return undefined;
    const text = `the packet has ${bytes} bytes, the limit of the transport is ${maxSendBytes}`;
    return new DeliveryError('ERR_TOO_LARGE', text);
  }

  /** Returns an error if a message of this size cannot be added. */
  rejection(bytes: number): DeliveryError | undefined {
    const { maxPendingMessages, maxPendingBytes } = this.#limits;
    const tooLarge = this.tooLarge(bytes);
    if (tooLarge !== undefined) return tooLarge;
    if (this.#entries.size >= maxPendingMessages) {
      return new DeliveryError(
        'ERR_QUEUE_FULL',
        `${this.#entries.size} messages are pending, maxPendingMessages is ${maxPendingMessages}`,
      );
    }
    if (this.#bytes + bytes > maxPendingBytes) {
      return new DeliveryError(
        'ERR_QUEUE_FULL',
        `${this.#bytes} bytes are pending, ${bytes} more exceed maxPendingBytes, which is ${maxPendingBytes}`,
      );
    }
    return undefined;
  }

  /** Adds a message. Returns whether the caller must write it now: a link is up, and the message has its turn. */
  add(message: OutgoingMessage, now: Instant, remainingMs: number = this.#limits.sendTimeoutMs): boolean {
    const entry: PendingMessage = { message, expiresAt: now + remainingMs, attempts: 0, writtenAt: now };
    this.#entries.set(message.ticket, entry);
    this.#bytes += message.bytes;
    if (message.packet.fp !== undefined) this.#byFingerprint.set(message.packet.fp, entry);
    this.#wakeAt(entry.expiresAt);
    if (this.#window === undefined || !this.#hasTurn(entry)) return false;
    this.#written(entry, this.#window, now);
    return true;
  }

  /** Adds messages of an earlier run before all others. Only while no link is up. */
  restore(messages: readonly RestoredMessage[], now: Instant): void {
    const waiting = this.#entries;
    this.#entries = new Map();
    for (const message of messages) this.add(message, now, message.remainingMs);
    for (const [ticket, entry] of waiting) this.#entries.set(ticket, entry);
  }

  /**
   * A link is up. Returns the messages to write to it, in order; those without QoS are no longer pending. `turns`: the
   * link keeps no order, and the server keeps the one in which it gets messages; so only one to each receiver is under way.
   */
  linkUp(now: Instant, turns?: Turns<PendingMessage>): WrittenMessage[] {
    this.#window = new RetransmissionWindow<PendingMessage>(this.#retry);
    this.#turns = turns;
    this.#early?.clear();
    return this.#writeAll(
      [...this.#entries.values()].filter((entry) => this.#hasTurn(entry)),
      now,
    );
  }

  /** Returns the messages to write now, because those before them are no longer pending. */
  takeNext(now: Instant): WrittenMessage[] {
    return this.#writeAll(this.#turns?.takeNext() ?? [], now);
  }

  /** The link was lost: all messages wait for the next one. */
  linkDown(): void {
    this.#window = undefined;
    this.#turns = undefined;
    this.#early?.clear();
  }

  /**
   * Removes a message that its receiver has acknowledged or the server has stored, and returns it. Returns undefined if it is
   * no longer pending, or not to this receiver. `to`: the receiver, if it is known.
   */
  acknowledge(fingerprint: string, to: string | undefined, now: Instant): WrittenMessage | undefined {
    const entry = this.#byFingerprint.get(fingerprint);
    if (entry === undefined || (to !== undefined && entry.message.packet.to !== to)) return undefined;
    // After a retransmission it is unknown which copy was acknowledged (Karn's algorithm).
    if (entry.attempts === 1) this.measured(now - entry.writtenAt);
    this.#remove(entry);
    return entry;
  }

  /** Removes a message that the server has rejected and returns it; undefined if it is no longer pending. */
  rejected(fingerprint: string): OutgoingMessage | undefined {
    const entry = this.#byFingerprint.get(fingerprint);
    if (entry !== undefined) this.#remove(entry);
    return entry?.message;
  }

  /** Adds a measured round-trip time, in milliseconds. */
  measured(roundTripMs: number): void {
    this.#early?.measured(roundTripMs);
  }

  /** Removes an aborted message and returns it; undefined if it is no longer pending. */
  abort(ticket: number): OutgoingMessage | undefined {
    const entry = this.#entries.get(ticket);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    return entry.message;
  }

  /** Removes all messages and returns them in the order of sending. */
  clear(): OutgoingMessage[] {
    const messages = [...this.#entries.values()].map(({ message }) => message);
    this.#entries.clear();
    this.#byFingerprint.clear();
    this.#bytes = 0;
    this.#window = undefined;
    this.#turns = undefined;
    this.#early?.clear();
    this.#nextDeadline = NEVER;
    return messages;
  }

  /** Returns what is due: messages to retransmit, and messages that were given up. */
  tick(now: Instant): { readonly rewrite: readonly OutgoingMessage[]; readonly failed: readonly Failed[] } {
    if (now < this.#nextDeadline) return { rewrite: [], failed: [] };
    const failed = this.#collectExpired(now);
    const rewrite: OutgoingMessage[] = [];
    const due = this.#window?.collectDue(now);
    for (const entry of due?.abandoned ?? [])
      failed.push(this.#fail(entry, `after ${entry.attempts} attempts`));
    const early = (this.#early?.collectDue(now) ?? []).map((fingerprint) =>
      this.#byFingerprint.get(fingerprint),
    );
    // After a late wake-up both may contain the same message.
    for (const entry of new Set([...(due?.retransmit ?? []), ...early])) {
      if (entry === undefined) continue;
      entry.attempts += 1;
      rewrite.push(entry.message);
    }
    this.#nextDeadline = Math.min(
      this.#window?.nextDeadline ?? NEVER,
      this.#early?.nextDeadline ?? NEVER,
      this.#firstExpiry(),
    );
    return { rewrite, failed };
  }

  /** All timeouts are equally long, so the oldest message expires first. */
  #collectExpired(now: Instant): Failed[] {
    const failed: Failed[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.expiresAt > now) break;
      failed.push(this.#fail(entry, `within ${this.#limits.sendTimeoutMs} ms`));
    }
    return failed;
  }

  #fail(entry: PendingMessage, when: string): Failed {
    this.#remove(entry);
    const { to } = entry.message.packet;
    const cause = this.#window === undefined ? 'no link' : 'earlier ones were not acknowledged';
    const error =
      entry.attempts === 0
        ? new DeliveryError('ERR_NOT_SENT', `the message to ${to} was not sent: ${cause} ${when}`)
        : new DeliveryError('ERR_NOT_ACKNOWLEDGED', `the message to ${to} was not acknowledged ${when}`);
    return { message: entry.message, error };
  }

  /** Whether a message may be written; if not, it waits. A message without QoS does not wait. */
  #hasTurn(entry: PendingMessage): boolean {
    const { packet } = entry.message;
    return !isQos(packet) || this.#turns === undefined || this.#turns.begin(packet.to ?? '', entry);
  }

  #writeAll(entries: PendingMessage[], now: Instant): PendingMessage[] {
    const window = this.#window;
    if (window === undefined) return [];
    for (const entry of entries) this.#written(entry, window, now);
    return entries;
  }

  #written(entry: PendingMessage, window: RetransmissionWindow<PendingMessage>, now: Instant): void {
    entry.attempts += 1;
    const { packet } = entry.message;
    if (!isQos(packet)) {
      this.#remove(entry);
      return;
    }
    entry.writtenAt = now;
    window.add(entry, now);
    this.#early?.add(packet.fp, now);
    this.#wakeAt(Math.min(now + this.#retry.waitMs, this.#early?.nextDeadline ?? NEVER));
  }

  #remove(entry: PendingMessage): void {
    const { ticket, packet, bytes } = entry.message;
    this.#entries.delete(ticket);
    this.#bytes -= bytes;
    this.#turns?.end(packet.to ?? '', entry);
    this.#window?.remove(entry);
    if (packet.fp === undefined) return;
    this.#byFingerprint.delete(packet.fp);
    this.#early?.remove(packet.fp);
  }

  #firstExpiry(): Instant {
    for (const { expiresAt } of this.#entries.values()) return expiresAt;
    return NEVER;
  }

  #wakeAt(at: Instant): void {
    if (at < this.#nextDeadline) this.#nextDeadline = at;
  }
}

function isQos(packet: Packet): packet is Packet & { readonly fp: string } {
  return packet.QoS && packet.fp !== undefined;
}
