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

/** Bounds on what an {@link Outgoing} keeps. */
export interface OutgoingLimits {
  /** How long a message may take from `add` to its acknowledgement, in milliseconds. */
  readonly sendTimeoutMs: number;
  /** Most messages kept. */
  readonly maxPendingMessages: number;
  /** Most UTF-8 bytes of messages kept. */
  readonly maxPendingBytes: number;
  /** Largest packet that the transport carries, in UTF-8 bytes. */
  readonly maxSendBytes: number;
}

/** A message on its way out. */
export interface OutgoingMessage {
  /** Tells messages apart; rises in the order of sending. */
  readonly ticket: number;
  readonly packet: Packet;
  /** The packet as it is written. */
  readonly frame: string;
  /** Its length in UTF-8 bytes. */
  readonly bytes: number;
  /** When `send` was called, in milliseconds since 1970. */
  readonly queuedAt: number;
}

/** A message of an earlier run, and how long it may still take, in milliseconds. */
export interface RestoredMessage extends OutgoingMessage {
  readonly remainingMs: number;
}

/** A message that has left, and how many copies were written. */
interface Departed {
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
 * The messages that are this client's responsibility: those that wait for a link, and those that were written and not
 * acknowledged yet. They stay in the order of sending, around a lost link too.
 *
 * While a link is up each message is written again by the retry policy and given up after its last copy; on a transport
 * that loses packets once more before that. A lost link
 * ends nobody's chances: all messages wait for the next one, are written to it in order and have all retries again.
 * What bounds that is the time since `add`.
 *
 * Owns no timer and reads no clock; `nextDeadline` may come early, then `tick` finds nothing to do.
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

  /** Why a message of this length can never be sent; undefined where it can. */
  tooLarge(bytes: number): DeliveryError | undefined {
    const { maxSendBytes } = this.#limits;
    if (bytes <= maxSendBytes) return undefined;
    const text = `a packet of ${bytes} bytes cannot be sent, this transport carries ${maxSendBytes}`;
    return new DeliveryError('ERR_TOO_LARGE', text);
  }

  /** Why one more message of this length cannot be taken; undefined where it can. */
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
        `${this.#bytes} bytes are pending, with ${bytes} more they would exceed maxPendingBytes, ${maxPendingBytes}`,
      );
    }
    return undefined;
  }

  /** Takes a message over. With a link up, the caller writes it now. */
  add(message: OutgoingMessage, now: Instant, remainingMs: number = this.#limits.sendTimeoutMs): void {
    const entry: Entry = { message, expiresAt: now + remainingMs, attempts: 0, writtenAt: now };
    this.#entries.set(message.ticket, entry);
    this.#bytes += message.bytes;
    if (message.packet.fp !== undefined) this.#byFingerprint.set(message.packet.fp, entry);
    this.#wakeAt(entry.expiresAt);
    if (this.#window !== undefined) this.#written(entry, this.#window, now);
  }

  /** Takes messages of an earlier run over, before those that wait for a link already. Without a link only. */
  restore(messages: readonly RestoredMessage[], now: Instant): void {
    const waiting = this.#entries;
    this.#entries = new Map();
    for (const message of messages) this.add(message, now, message.remainingMs);
    for (const [ticket, entry] of waiting) this.#entries.set(ticket, entry);
  }

  /** There is a link. Returns what to write to it, in order; what needs no acknowledgement is done with that. */
  linkUp(now: Instant): Departed[] {
    const window = new RetransmissionWindow<QosPacket>(this.#retry);
    this.#window = window;
    this.#early?.clear();
    const departed: Departed[] = [];
    for (const entry of this.#entries.values()) {
      this.#written(entry, window, now);
      departed.push(entry);
    }
    return departed;
  }

  /** The link is gone: everything waits again. */
  linkDown(): void {
    this.#window = undefined;
    this.#early?.clear();
  }

  /**
   * Ends the wait for an acknowledgement. Returns undefined for one that is late, repeated, unknown, or comes from
   * somebody else than the addressee.
   */
  acknowledge(fingerprint: string, from: string | undefined, now: Instant): Departed | undefined {
    const entry = this.#byFingerprint.get(fingerprint);
    if (entry === undefined || entry.message.packet.to !== from) return undefined;
    // Of several copies nobody knows which one was acknowledged.
    if (entry.attempts === 1) this.measured(now - entry.writtenAt);
    this.#remove(entry);
    return entry;
  }

  /** A round trip took so many milliseconds. */
  measured(roundTripMs: number): void {
    this.#early?.measured(roundTripMs);
  }

  /** Forgets a message that its sender gave up. Returns undefined when it is done already. */
  abort(ticket: number): OutgoingMessage | undefined {
    const entry = this.#entries.get(ticket);
    if (entry === undefined) return undefined;
    this.#remove(entry);
    return entry.message;
  }

  /** Forgets everything. Returns it in the order of sending. */
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

  /** What is due: frames to write again, messages to give up. */
  tick(now: Instant): { readonly rewrite: readonly OutgoingMessage[]; readonly failed: readonly Failed[] } {
    if (now < this.#nextDeadline) return { rewrite: [], failed: [] };
    const failed = this.#collectExpired(now);
    const rewrite: OutgoingMessage[] = [];
    const due = this.#window?.collectDue(now);
    for (const packet of due?.abandoned ?? []) {
      const entry = this.#byFingerprint.get(packet.fp);
      if (entry !== undefined) failed.push(this.#fail(entry, `${entry.attempts} copies`));
    }
    const again = (due?.retransmit ?? []).map(({ fp }) => fp);
    // After a late wake-up both may want the same one.
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

  /** All messages may take equally long, so the oldest expires first. */
  #collectExpired(now: Instant): Failed[] {
    const failed: Failed[] = [];
    for (const entry of this.#entries.values()) {
      if (entry.expiresAt > now) break;
      failed.push(this.#fail(entry, `${this.#limits.sendTimeoutMs} ms`));
    }
    return failed;
  }

  #fail(entry: Entry, after: string): Failed {
    this.#remove(entry);
    const { to } = entry.message.packet;
    const error =
      entry.attempts === 0
        ? new DeliveryError('ERR_NOT_SENT', `the message to ${to} found no link within ${after}`)
        : new DeliveryError(
            'ERR_NOT_ACKNOWLEDGED',
            `nobody acknowledged the message to ${to} after ${after}`,
          );
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
