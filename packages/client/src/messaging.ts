import {
  type DuplicateWindowLimits,
  type Instant,
  type Packet,
  PacketType,
  type RetryPolicy,
} from '@imcore/protocol';
import type { Effect } from './effects.js';
import { DeliveryError } from './errors.js';
import { Incoming } from './incoming.js';
import { Outgoing, type OutgoingLimits, type OutgoingMessage } from './outgoing.js';

/** What {@link Messaging} is told once and for all. */
export interface MessagingSettings extends OutgoingLimits {
  readonly retry: RetryPolicy;
  readonly duplicates: DuplicateWindowLimits;
}

/**
 * A client's messages in both directions, in terms of effects. Knows whether there is a link to write to, and nothing
 * of how links come and go.
 */
export class Messaging {
  readonly #effects: Effect[];
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  #isLinkUp = false;

  /** Appends its effects to the given list. */
  constructor(settings: MessagingSettings, effects: Effect[]) {
    this.#effects = effects;
    this.#outgoing = new Outgoing(settings.retry, settings);
    this.#incoming = new Incoming(settings.duplicates);
  }

  /** Messages that wait for a link or for their acknowledgement. */
  get pending(): number {
    return this.#outgoing.size;
  }

  get nextDeadline(): Instant {
    return this.#outgoing.nextDeadline;
  }

  /** Whether a message with this fingerprint is pending. */
  isPending(fingerprint: string): boolean {
    return this.#outgoing.has(fingerprint);
  }

  /** Takes a message over: writes it where there is a link, keeps it for the next one where there is none. */
  send(message: OutgoingMessage, now: Instant): void {
    const refusal = this.#outgoing.refusal(message.bytes);
    if (refusal !== undefined) {
      this.undelivered(message, refusal);
      return;
    }
    this.#outgoing.add(message, now);
    if (this.#isLinkUp) this.#written(message, 1);
  }

  /** Gives a message up on its sender's request. Without effect when it is done already. */
  abort(ticket: number): void {
    const message = this.#outgoing.abort(ticket);
    if (message === undefined) return;
    this.undelivered(message, new DeliveryError('ERR_ABORTED', 'the signal of the message fired'));
  }

  /** The login was accepted: writes everything that waits, in the order of sending. */
  linkUp(now: Instant): void {
    this.#isLinkUp = true;
    for (const { message, attempts } of this.#outgoing.linkUp(now)) this.#written(message, attempts);
  }

  linkDown(): void {
    this.#isLinkUp = false;
    this.#outgoing.linkDown();
  }

  /**
   * A packet of any type has arrived: acknowledges it where it asks for that, and takes data and acknowledgements.
   * Returns whether the packet may be looked at further.
   */
  receive(packet: Packet, now: Instant): boolean {
    const { acknowledgement, isUsable } = this.#incoming.arrive(packet);
    if (acknowledgement !== undefined) this.#effects.push({ kind: 'write', frame: acknowledgement });
    if (!isUsable) return false;
    if (packet.type === PacketType.Data) this.#receiveData(packet, now);
    else if (packet.type === PacketType.Acknowledgement) this.#receiveAcknowledgement(packet);
    return true;
  }

  /** Writes again and gives up what is due. */
  tick(now: Instant): void {
    const { rewrite, failed } = this.#outgoing.tick(now);
    for (const { frame } of rewrite) this.#effects.push({ kind: 'write', frame });
    for (const { message, error } of failed) this.undelivered(message, error);
  }

  /** The run has ended: nothing that is pending will be written any more. */
  end(reason: string): void {
    this.#isLinkUp = false;
    for (const message of this.#outgoing.clear()) {
      this.undelivered(message, new DeliveryError('ERR_CLOSED', `the login ended: ${reason}`));
    }
  }

  /** Another user logs in: what the last one saw means nothing to this one. */
  forgetReceived(): void {
    this.#incoming.forget();
  }

  /** Reports a message that nobody will be responsible for. */
  undelivered({ ticket, packet }: OutgoingMessage, error: DeliveryError): void {
    this.#effects.push({ kind: 'undelivered', ticket, fingerprint: packet.fp, error });
  }

  #receiveData(packet: Packet, now: Instant): void {
    const message = this.#incoming.unpack(packet, now);
    if (message !== undefined) this.#effects.push({ kind: 'message', message });
  }

  #receiveAcknowledgement(packet: Packet): void {
    const departed = this.#outgoing.acknowledge(packet.dataContent ?? '', packet.from);
    if (departed !== undefined) this.#sent(departed.message, departed.attempts, true);
  }

  #written(message: OutgoingMessage, attempts: number): void {
    this.#effects.push({ kind: 'write', frame: message.frame });
    if (!message.packet.QoS) this.#sent(message, attempts, false);
  }

  #sent({ ticket, packet }: OutgoingMessage, attempts: number, isAcknowledged: boolean): void {
    this.#effects.push({ kind: 'sent', ticket, fingerprint: packet.fp, attempts, isAcknowledged });
  }
}
