import {
  type DuplicateWindowLimits,
  type Instant,
  type Packet,
  PacketType,
  type RetryPolicy,
} from '@imcore/protocol';
import type { Effect, Hold } from './effects.js';
import { DeliveryError } from './errors.js';
import { Incoming } from './incoming.js';
import { Outgoing, type OutgoingLimits, type OutgoingMessage, type RestoredMessage } from './outgoing.js';
import type { Transport } from './transport.js';

/** Settings of {@link Messaging}. */
export interface MessagingSettings extends OutgoingLimits {
  readonly retry: RetryPolicy;
  /** Creates the early retransmission of a lossy transport. */
  readonly earlyRetransmission: Transport['earlyRetransmission'];
  readonly duplicates: DuplicateWindowLimits;
  /** Whether there is a durable outbox. */
  readonly hasOutbox: boolean;
  /** Maximum number of received messages that are not handled yet. */
  readonly maxUnhandledMessages: number;
}

/**
 * The messages of a client in both directions, as effects. Knows whether a link is up and whether the durable outbox is
 * open, but not how the client logs in.
 */
export class Messaging {
  readonly #effects: Effect[];
  readonly #hasOutbox: boolean;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  /** Acknowledgements of messages that were handled while no link was up; at most as many as can be held. */
  #unwritten: string[] = [];
  #isLinkUp = false;
  #outbox: 'closed' | 'opening' | 'open' = 'closed';

  /** Appends its effects to `effects`. */
  constructor(settings: MessagingSettings, effects: Effect[]) {
    this.#effects = effects;
    this.#hasOutbox = settings.hasOutbox;
    this.#outgoing = new Outgoing(settings.retry, settings, settings.earlyRetransmission?.());
    this.#incoming = new Incoming(settings.duplicates, settings.maxUnhandledMessages, effects);
  }

  /** Number of messages that wait for a link or an acknowledgement. */
  get pending(): number {
    return this.#outgoing.size;
  }

  get nextDeadline(): Instant {
    return this.#outgoing.nextDeadline;
  }

  /** Whether messages are accepted while no user is logged in. */
  get keepsMessages(): boolean {
    return this.#outbox !== 'closed';
  }

  /** Whether the durable outbox is open and its messages are loaded. */
  get isOutboxOpen(): boolean {
    return this.#outbox === 'open';
  }

  /** Whether a message with this fingerprint is pending. */
  isPending(fingerprint: string): boolean {
    return this.#outgoing.has(fingerprint);
  }

  /** Whether a received message is not handled yet. */
  isHeld(hold: Hold): boolean {
    return this.#incoming.isHeld(hold);
  }

  /** Opens the user's durable outbox, if there is one and it is not open. Returns whether the caller must wait for it. */
  openOutbox(userId: string): boolean {
    if (!this.#hasOutbox || this.#outbox === 'open') return false;
    if (this.#outbox === 'closed') this.#effects.push({ kind: 'open-outbox', userId });
    this.#outbox = 'opening';
    return true;
  }

  /** The durable outbox was opened with these messages, or has adopted these messages of a closed tab. */
  restored(messages: readonly RestoredMessage[], now: Instant): void {
    if (this.#outbox === 'closed') return;
    this.#outbox = 'open';
    const unknown = messages.filter(({ packet }) => !this.#outgoing.has(packet.fp ?? ''));
    if (unknown.length > 0) this.#effects.push({ kind: 'restored', messages: unknown });
    const usable = unknown.filter((message) => {
      const error = this.#outgoing.tooLarge(message.bytes);
      if (error !== undefined) this.undelivered(message, error);
      return error === undefined;
    });
    if (!this.#isLinkUp) {
      this.#outgoing.restore(usable, now);
      return;
    }
    for (const message of usable) {
      this.#outgoing.add(message, now, message.remainingMs);
      this.#written(message, 1);
    }
  }

  /** Sends a message: writes it if a link is up, else keeps it for the next link. */
  send(message: OutgoingMessage, now: Instant): void {
    const error = this.#outgoing.rejection(message.bytes);
    if (error !== undefined) {
      this.undelivered(message, error);
      return;
    }
    this.#outgoing.add(message, now);
    if (this.#isKept(message)) this.#effects.push({ kind: 'keep', message });
    if (this.#isLinkUp) this.#written(message, 1);
  }

  /** Aborts a message. Has no effect if it is no longer pending. */
  abort(ticket: number): void {
    const message = this.#outgoing.abort(ticket);
    if (message === undefined) return;
    this.undelivered(message, new DeliveryError('ERR_ABORTED', 'the message was aborted by its signal'));
  }

  /** The login was accepted: writes acknowledgements, then all pending messages, in the order of sending. */
  linkUp(now: Instant): void {
    this.#isLinkUp = true;
    for (const frame of this.#unwritten.splice(0)) this.#effects.push({ kind: 'write', frame });
    for (const { message, attempts } of this.#outgoing.linkUp(now)) this.#written(message, attempts);
  }

  /** Adds the round-trip time of a keep-alive, in milliseconds. */
  measured(roundTripMs: number): void {
    this.#outgoing.measured(roundTripMs);
  }

  /** The link was lost: pending messages wait for the next one. */
  linkDown(): void {
    this.#isLinkUp = false;
    this.#outgoing.linkDown();
  }

  /**
   * Processes a packet of any type: acknowledges it if it has QoS and is not a new message, and handles data and
   * acknowledgements. Returns whether the packet is processed further.
   */
  receive(packet: Packet, now: Instant): boolean {
    if (!this.#incoming.receive(packet)) return false;
    if (packet.type === PacketType.Acknowledgement) this.#receiveAcknowledgement(packet, now);
    return true;
  }

  /** A held message was handled: acknowledges it if a link is up, else after the next login. */
  handled(hold: Hold, now: Instant): void {
    const frame = this.#incoming.handled(hold, now);
    if (frame === undefined) return;
    if (this.#isLinkUp) this.#effects.push({ kind: 'write', frame });
    else this.#unwritten.push(frame);
  }

  /** A held message was not handled: its next copy counts as new. */
  released(hold: Hold): void {
    this.#incoming.released(hold);
  }

  /** Marks messages that an earlier run has received, by their keys. */
  markSeen(keys: readonly string[], now: Instant): void {
    this.#incoming.markSeen(keys, now);
  }

  /** Retransmits or gives up the messages that are due. */
  tick(now: Instant): void {
    const { rewrite, failed } = this.#outgoing.tick(now);
    for (const { frame } of rewrite) this.#effects.push({ kind: 'write', frame });
    for (const { message, error } of failed) this.undelivered(message, error);
  }

  /** Ends the run: all pending messages are reported as undelivered, or as postponed if the durable outbox has them. */
  end(reason: string): void {
    this.linkDown();
    for (const message of this.#outgoing.clear()) {
      const { ticket } = message;
      if (this.#isKept(message)) {
        const text = `the login ended: ${reason}; the outbox keeps the message for the next login`;
        this.#effects.push({ kind: 'postponed', ticket, error: new DeliveryError('ERR_POSTPONED', text) });
      } else this.undelivered(message, new DeliveryError('ERR_CLOSED', `the login ended: ${reason}`));
    }
    if (this.#outbox !== 'closed') this.#effects.push({ kind: 'close-outbox' });
    this.#outbox = 'closed';
  }

  /** Another user logs in: ends the pending messages and forgets the received ones of the previous user. */
  changeUser(): void {
    this.end('another user logs in');
    this.#incoming.forget();
    this.#unwritten = [];
  }

  /** Reports a message as undelivered and removes it from the durable outbox. */
  undelivered(message: OutgoingMessage, error: DeliveryError): void {
    const { ticket, packet } = message;
    this.#forget(message);
    this.#effects.push({ kind: 'undelivered', ticket, fingerprint: packet.fp, error });
  }

  #receiveAcknowledgement(packet: Packet, now: Instant): void {
    const acknowledged = this.#outgoing.acknowledge(packet.dataContent ?? '', packet.from, now);
    if (acknowledged !== undefined) this.#sent(acknowledged.message, acknowledged.attempts, true);
  }

  #written(message: OutgoingMessage, attempts: number): void {
    this.#effects.push({ kind: 'write', frame: message.frame });
    if (!message.packet.QoS) this.#sent(message, attempts, false);
  }

  #sent(message: OutgoingMessage, attempts: number, isAcknowledged: boolean): void {
    const { ticket, packet } = message;
    this.#forget(message);
    this.#effects.push({ kind: 'sent', ticket, fingerprint: packet.fp, attempts, isAcknowledged });
  }

  #isKept({ packet }: OutgoingMessage): boolean {
    return this.#outbox !== 'closed' && packet.QoS;
  }

  #forget(message: OutgoingMessage): void {
    const { fp } = message.packet;
    if (fp !== undefined && this.#isKept(message)) this.#effects.push({ kind: 'forget', fingerprint: fp });
  }
}
