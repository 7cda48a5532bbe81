import type { BinaryString, Instant, Packet } from '@imcore/protocol';
import type { Message } from '../message.js';
import type { StoreId } from '../ports/message-store.js';
import type { DeadlineRing, RingEntry } from '../scheduling/deadline-queue.js';
import type { Mailbox } from './mailbox.js';
import type { Origin } from './origin.js';

/**
 * Who is responsible for a message.
 *
 * - `memory`: the sender still is; this server only carries it.
 * - `storing`: the same, until the store has answered.
 * - `refused`: the same, and the store did not take it. It is offered again with the next copy.
 * - `stored`: the store.
 * - `received`: its receiver.
 * - `dropped`: nobody on this side; the sender was not acknowledged.
 */
export type Custody = 'memory' | 'storing' | 'refused' | 'stored' | 'received' | 'dropped';

/**
 * One message from accept to done.
 *
 * A plain record that {@link Courier} moves along: it waits in at most one deadline ring and in at most one
 * mailbox, and holds the bytes that are written rather than the packet they were read from.
 */
export class Delivery implements RingEntry {
  readonly packet: Packet;
  readonly body: BinaryString;
  readonly from: string;
  readonly to: string;
  /** Undefined without QoS: then nothing is awaited. */
  readonly fingerprint: string | undefined;
  readonly origin: Origin;
  custody: Custody = 'memory';
  /** Copies written to sessions so far. */
  attempts = 0;
  storeId: StoreId | undefined = undefined;
  /** The mailbox in which it waits for an acknowledgement. */
  mailbox: Mailbox | undefined = undefined;

  /** Where it is in its mailbox's `InFlight`, which owns these fields. */
  hash = 0;
  /** Whether another sender's message of the same fingerprint was there first. */
  isSecond = false;
  nextInBucket: Delivery | undefined = undefined;
  previousInFlight: Delivery | undefined = undefined;
  nextInFlight: Delivery | undefined = undefined;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(packet: Packet, body: BinaryString, from: string, to: string, origin: Origin) {
    this.packet = packet;
    this.body = body;
    this.from = from;
    this.to = to;
    this.fingerprint = packet.QoS ? packet.fp : undefined;
    this.origin = origin;
  }

  /** The message as applications see it. Decodes the content. */
  get message(): Message {
    return toMessage(this.packet, this.from);
  }
}

/** A packet as applications see it. Without a fingerprint there is no QoS, whatever the packet says. */
export function toMessage(packet: Packet, from: string): Message {
  return {
    from,
    to: packet.to ?? '',
    content: packet.dataContent ?? '',
    type: packet.typeu,
    fingerprint: packet.fp,
    qos: packet.QoS && packet.fp !== undefined,
    bridged: packet.bridge,
  };
}
