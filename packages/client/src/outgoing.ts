import {
  type Instant,
  NEVER,
  type Packet,
  type QosPacket,
  RetransmissionWindow,
  type RetryPolicy,
} from '@imcore/protocol';
import { DeliveryError } from './errors.js';
import type { EarlyRetransmission } from './transport.js';

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

interface Entry {
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
  #entries = new Map<number, Entry>();
  readonly #byFingerprint = new Map<string, Entry>();
  /** The messages written to the current link; undefined while there is no link. */
  #window: RetransmissionWindow<QosPacket> | undefined;
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

  /** Adds a message. If a link is up, the caller writes it now. */
  add(message: OutgoingMessage, now: Instant, remainingMs: number = this.#limits.sendTimeoutMs): void {
    const entry: Entry = { message, expiresAt: now + remainingMs, attempts: 0, writtenAt: now };
    this.#entries.set(message.ticket, entry);
    this.#bytes += message.bytes;
    if (message.packet.fp !== undefined) this.#byFingerprint.set(message.packet.fp, entry);
    this.#wakeAt(entry.expiresAt);
    if (this.#window !== undefined) this.#written(entry, this.#window, now);
  }

  /** Adds messages of an earlier run before all others. Only while no link is up. */
  restore(messages: readonly RestoredMessage[], now: Instant): void {
    const waiting = this.#entries;
    this.#entries = new Map();
    for (const message of messages) this.add(message, now, message.remainingMs);
    for (const [ticket, entry] of waiting) this.#entries.set(ticket, entry);
  }

  /** A link is up. Returns the messages to write to it, in order; those without QoS are no longer pending. */
  linkUp(now: Instant): WrittenMessage[] {
    const window = new RetransmissionWindow<QosPacket>(this.#retry);
    this.#window = window;
    this.#early?.clear();
    const written: WrittenMessage[] = [];
    for (const entry of this.#entries.values()) {
      this.#written(entry, window, now);
      written.push(entry);
    }
    return written;
  }

  /** The link was lost: all messages wait for the next one. */
  linkDown(): void {
    this.#window = undefined;
    this.#early?.clear();
  }

  /**
   * Removes an acknowledged message and returns it. Returns undefined for an acknowledgement that is late, repeated,
   * unknown, or not from the receiver of the message.
   */
  acknowledge(fingerprint: string, from: string | undefined, now: Instant): WrittenMessage | undefined {
    const entry = this.#byFingerprint.get(fingerprint);
    if (entry === undefined || entry.message.packet.to !== from) return undefined;
    // After a retransmission it is unknown which copy was acknowledged (Karn's algorithm).
    if (entry.attempts === 1) this.measured(now - entry.writtenAt);
    this.#remove(entry);
    return entry;
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
    for (const packet of due?.abandoned ?? []) {
      const entry = this.#byFingerprint.get(packet.fp);
      if (entry !== undefined) failed.push(this.#fail(entry, `after ${entry.attempts} attempts`));
    }
    const again = (due?.retransmit ?? []).map(({ fp }) => fp);
    // After a late wake-up both may contain the same message.
    for (const fingerprint of new Set([...again, ...(this.#early?.collectDue(now) ?? [])])) {
      const entry = this.#byFingerprint.get(fingerprint);
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

  #fail(entry: Entry, when: string): Failed {
    this.#remove(entry);
    const { to } = entry.message.packet;
    const error =
      entry.attempts === 0
        ? new DeliveryError('ERR_NOT_SENT', `the message to ${to} was not sent: no link ${when}`)
        : new DeliveryError('ERR_NOT_ACKNOWLEDGED', `the message to ${to} was not acknowledged ${when}`);
    return { message: entry.message, error };
  }

  #written(entry: Entry, window: RetransmissionWindow<QosPacket>, now: Instant): void {
    entry.attempts += 1;
    const { packet } = entry.message;
    if (!isQos(packet)) {
      this.#remove(entry);
      return;
    }
    entry.writtenAt = now;
    window.add(packet, now);
    this.#early?.add(packet.fp, now);
    this.#wakeAt(Math.min(now + this.#retry.waitMs, this.#early?.nextDeadline ?? NEVER));
  }

  #remove(entry: Entry): void {
    const { ticket, packet, bytes } = entry.message;
    this.#entries.delete(ticket);
    this.#bytes -= bytes;
    if (packet.fp === undefined) return;
    this.#byFingerprint.delete(packet.fp);
    this.#window?.remove(packet.fp);
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

function isQos(packet: Packet): packet is QosPacket {
  return packet.QoS && packet.fp !== undefined;
}
