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
import { Outgoing, type OutgoingLimits, type OutgoingMessage, type RestoredMessage } from './outgoing.js';
import type { Transport } from './transport.js';

/** What {@link Messaging} is told once and for all. */
export interface MessagingSettings extends OutgoingLimits {
  readonly retry: RetryPolicy;
  /** Makes what writes messages again early, where the transport loses some. */
  readonly earlyRetransmission: Transport['earlyRetransmission'];
  readonly duplicates: DuplicateWindowLimits;
  /** Whether messages outlive the program in an outbox. */
  readonly hasOutbox: boolean;
  /** Most messages that are handed on and not handled yet. */
  readonly maxUnhandledMessages: number;
}

/**
 * A client's messages in both directions, in terms of effects. Knows whether there is a link to write to and an
 * outbox to keep messages in, and nothing of how links come and go.
 */
export class Messaging {
  readonly #effects: Effect[];
  readonly #hasOutbox: boolean;
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  #isLinkUp = false;
  #outbox: 'closed' | 'opening' | 'open' = 'closed';

  /** Appends its effects to the given list. */
  constructor(settings: MessagingSettings, effects: Effect[]) {
    this.#effects = effects;
    this.#hasOutbox = settings.hasOutbox;
    this.#outgoing = new Outgoing(settings.retry, settings, settings.earlyRetransmission?.());
    this.#incoming = new Incoming(settings.duplicates, settings.maxUnhandledMessages);
  }

  /** Messages that wait for a link or for their acknowledgement. */
  get pending(): number {
    return this.#outgoing.size;
  }

  get nextDeadline(): Instant {
    return this.#outgoing.nextDeadline;
  }

  /** Whether messages can be taken while nobody is logged in. */
  get keepsMessages(): boolean {
    return this.#outbox !== 'closed';
  }

  /** Whether the outbox has told what it holds. */
  get isOutboxOpen(): boolean {
    return this.#outbox === 'open';
  }

  /** Whether a message with this fingerprint is pending. */
  isPending(fingerprint: string): boolean {
    return this.#outgoing.has(fingerprint);
  }

  /** From now on received messages are acknowledged when they were handled, or again as soon as they come. */
  holdReceived(isHolding: boolean): void {
    this.#incoming.isHolding = isHolding;
  }

  /** Asks for the user's outbox where there is one that is not open. Returns whether it must be waited for. */
  openOutbox(userId: string): boolean {
    if (!this.#hasOutbox || this.#outbox === 'open') return false;
    if (this.#outbox === 'closed') this.#effects.push({ kind: 'open-outbox', userId });
    this.#outbox = 'opening';
    return true;
  }

  /** The outbox is open and holds these messages; or it is open already and has been left these by somebody else. */
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

  /** Takes a message over: writes it where there is a link, keeps it for the next one where there is none. */
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

  /** A keep-alive took so many milliseconds to be answered. */
  measured(roundTripMs: number): void {
    this.#outgoing.measured(roundTripMs);
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
    const { acknowledgement, isUsable, message, hold } = this.#incoming.arrive(packet, now);
    if (acknowledgement !== undefined) this.#effects.push({ kind: 'write', frame: acknowledgement });
    if (message !== undefined) {
      this.#effects.push({ kind: 'message', message, ...(hold !== undefined && { hold }) });
    }
    if (!isUsable) return false;
    if (packet.type === PacketType.Acknowledgement) this.#receiveAcknowledgement(packet, now);
    return true;
  }

  /** A message that was held was handled: it is acknowledged where there is a link, else when its next copy comes. */
  handled(hold: string, now: Instant): void {
    const frame = this.#incoming.handled(hold, now);
    if (frame !== undefined && this.#isLinkUp) this.#effects.push({ kind: 'write', frame });
  }

  /** A message that was held was not handled: its next copy is handed on anew. */
  released(hold: string): void {
    this.#incoming.released(hold);
  }

  /** What an earlier run has received. */
  remembered(keys: readonly string[], now: Instant): void {
    this.#incoming.remember(keys, now);
  }

  /** Writes again and gives up what is due. */
  tick(now: Instant): void {
    const { rewrite, failed } = this.#outgoing.tick(now);
    for (const { frame } of rewrite) this.#effects.push({ kind: 'write', frame });
    for (const { message, error } of failed) this.undelivered(message, error);
  }

  /** Nothing that is pending will be written any more by this run; what the outbox has stays there. */
  end(reason: string): void {
    this.linkDown();
    for (const message of this.#outgoing.clear()) {
      const { ticket } = message;
      if (this.#isKept(message)) {
        const text = `${reason} ended the login, the outbox keeps the message for the next`;
        this.#effects.push({ kind: 'postponed', ticket, error: new DeliveryError('ERR_POSTPONED', text) });
      } else this.undelivered(message, new DeliveryError('ERR_CLOSED', `the login ended: ${reason}`));
    }
    if (this.#outbox !== 'closed') this.#effects.push({ kind: 'close-outbox' });
    this.#outbox = 'closed';
  }

  /** Another user logs in: what the last one saw means nothing to this one, and sends nothing in this one's name. */
  changeUser(): void {
    this.end('the login of another user');
    this.#incoming.forget();
  }

  /** Reports a message that nobody will be responsible for. */
  undelivered(message: OutgoingMessage, error: DeliveryError): void {
    const { ticket, packet } = message;
    this.#forget(message);
    this.#effects.push({ kind: 'undelivered', ticket, fingerprint: packet.fp, error });
  }

  #receiveAcknowledgement(packet: Packet, now: Instant): void {
    const departed = this.#outgoing.acknowledge(packet.dataContent ?? '', packet.from, now);
    if (departed !== undefined) this.#sent(departed.message, departed.attempts, true);
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
