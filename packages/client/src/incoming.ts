import {
  acknowledgementPacket,
  type DuplicateWindowLimits,
  encodePacket,
  type Instant,
  type Packet,
  PacketType,
  UNSET_ID,
} from '@imcore/protocol';
import type { Effect, Hold } from './effects.js';
import { UsageError } from './errors.js';
import type { MessageFields } from './message.js';
import { SeenMessages } from './seen-messages.js';

/**
 * The receiving side of a client: passes each message to the application once, and acknowledges it when it was handled.
 *
 * - A copy of a message that is being handled is ignored, and not acknowledged.
 * - A copy of a message that was handled is acknowledged again.
 * - A copy of a message whose handling has failed is passed to the application again.
 *
 * If `maxHeld` messages are being handled, further ones are ignored and not acknowledged, so that their sender keeps
 * them.
 *
 * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
 */
export class Incoming {
  readonly #limits: DuplicateWindowLimits;
  readonly #maxHeld: number;
  readonly #effects: Effect[];
  readonly #held = new Map<Hold, Packet>();
  #seen: SeenMessages;
  /** Whether the limit was reached since nothing was being handled, so that it is reported once. */
  #isFull = false;

  /** Appends its effects to `effects`. */
  constructor(limits: DuplicateWindowLimits, maxHeld: number, effects: Effect[]) {
    this.#limits = limits;
    this.#seen = new SeenMessages(limits);
    this.#maxHeld = maxHeld;
    this.#effects = effects;
  }

  /** Processes a packet of any type: acknowledges it or holds its message. Returns whether it is processed further. */
  receive(packet: Packet): boolean {
    const { QoS, fp } = packet;
    // Without a fingerprint it cannot be acknowledged.
    if (QoS && fp === undefined) return false;
    const key = QoS && fp !== undefined ? keyOf(packet, fp) : undefined;
    const isKnown = key !== undefined && this.#seen.has(key);
    if (packet.type === PacketType.Data && !isKnown) this.#hold(key ?? packet, packet);
    else if (QoS) this.#effects.push({ kind: 'write', frame: acknowledgementOf(packet) });
    return true;
  }

  /** Whether the application has handled a message. */
  hasSeen(packet: Packet): boolean {
    return packet.fp !== undefined && this.#seen.has(keyOf(packet, packet.fp));
  }

  /** Whether a message with QoS is being handled. */
  isHeld(key: string): boolean {
    return this.#held.has(key);
  }

  /** A message was handled. Returns its acknowledgement; undefined if it is not held or has no QoS. */
  handled(hold: Hold, now: Instant): string | undefined {
    const packet = this.#held.get(hold);
    this.released(hold);
    if (packet === undefined || typeof hold !== 'string') return undefined;
    this.#seen.add(hold, now);
    return acknowledgementOf(packet);
  }

  /** A message was not handled: its next copy counts as new. */
  released(hold: Hold): void {
    this.#held.delete(hold);
    this.#isFull &&= this.#held.size > 0;
  }

  /** Marks messages of an earlier run as handled, by their keys. */
  markSeen(keys: readonly string[], now: Instant): void {
    for (const key of keys) this.#seen.add(key, now);
  }

  /** Forgets all messages, because another user logs in. */
  forget(): void {
    this.#seen = new SeenMessages(this.#limits);
    this.#held.clear();
  }

  #hold(hold: Hold, packet: Packet): void {
    if (this.#held.has(hold)) return;
    if (this.#held.size < this.#maxHeld) {
      this.#held.set(hold, packet);
      this.#effects.push({ kind: 'message', message: fieldsOf(packet), hold });
      return;
    }
    if (this.#isFull) return;
    this.#isFull = true;
    const text = `${this.#maxHeld} messages are being handled, which is maxUnhandledMessages: further ones are ignored`;
    this.#effects.push({ kind: 'error', error: new UsageError('ERR_TOO_MANY_UNHANDLED', text) });
  }
}

/**
 * The key of a message. Fingerprints are unique per sender only, and a sender that counts its messages begins again: then the
 * content is another. The receiver is another if the next user has logged in before the previous one's messages are handled.
 */
function keyOf({ from = '', to = '', dataContent = '' }: Packet, fp: string): string {
  let hash = 0;
  for (let at = 0; at < dataContent.length; at++)
    hash = Math.imul(hash ^ dataContent.charCodeAt(at), 0x01000193);
  return `${from.length}:${from}${to.length}:${to}${fp} ${hash}`;
}

function acknowledgementOf(packet: Packet): string {
  return encodePacket(acknowledgementPacket(packet));
}

/** Returns what the application gets of a message. */
export function fieldsOf({ from, to, dataContent, typeu, fp }: Packet): MessageFields {
  return {
    from: from ?? UNSET_ID,
    to: to ?? UNSET_ID,
    content: dataContent ?? '',
    type: typeu,
    fingerprint: fp,
  };
}
