import {
  type DuplicateWindowLimits,
  type Instant,
  type LogDelivery,
  type LoginRequest,
  type LogPosition,
  NEVER,
  type Packet,
  PacketType,
  type Random,
  type RetryPolicy,
} from '@imcore/protocol';
import type { Effect, Hold } from './effects.js';
import { DeliveryError, notNegotiated } from './errors.js';
import { Incoming } from './incoming.js';
import type { KeptDevice, Level, StoredAs } from './level.js';
import type { LogRequest } from './log-request.js';
import type { SendOutcome } from './message.js';
import {
  Outgoing,
  type OutgoingLimits,
  type OutgoingMessage,
  type PendingMessage,
  type RestoredMessage,
} from './outgoing.js';
import type { CreateLog, LogSettings, SessionLog } from './session-log.js';
import type { ClientState } from './state.js';
import type { Transport } from './transport.js';

/** Settings of {@link Messaging}. */
export interface MessagingSettings extends OutgoingLimits, LogSettings {
  readonly retry: RetryPolicy;
  /** Creates the early retransmission of a lossy transport. */
  readonly earlyRetransmission: Transport['earlyRetransmission'];
  /** Creates the turns of messages on a transport that keeps no order. */
  readonly turns: Transport['turns'];
  readonly duplicates: DuplicateWindowLimits;
  /** Whether there is a durable outbox. */
  readonly hasOutbox: boolean;
  /** Maximum number of received messages that are not handled yet. */
  readonly maxUnhandledMessages: number;
}

/**
 * The messages of a client in both directions, as effects. Knows whether a link is up and whether the durable outbox is
 * open, but not how the client logs in. With a log, messages that have a position are its business.
 */
export class Messaging {
  readonly #effects: Effect[];
  readonly #hasOutbox: boolean;
  readonly #createTurns: Transport['turns'];
  readonly #outgoing: Outgoing;
  readonly #incoming: Incoming;
  readonly #log: SessionLog | undefined;
  /** Acknowledgements of messages that were handled while no link was up; at most as many as can be held. */
  #unwritten: string[] = [];
  #isLinkUp = false;
  #outbox: 'closed' | 'opening' | 'open' = 'closed';

  /** Appends its effects to `effects`. */
  constructor(settings: MessagingSettings, effects: Effect[], random: Random, createLog?: CreateLog) {
    this.#effects = effects;
    this.#hasOutbox = settings.hasOutbox;
    this.#createTurns = settings.turns;
    this.#outgoing = new Outgoing(settings.retry, settings, settings.earlyRetransmission?.());
    this.#incoming = new Incoming(settings.duplicates, settings.maxUnhandledMessages, effects);
    this.#log = createLog?.(settings, random, {
      effects,
      settle: (fingerprint, as, to, now) => this.#settle(fingerprint, to, now, 'stored', as),
      reject: (fingerprint, code, now) => this.#rejected(fingerprint, code, now),
      hasSeen: (packet) => this.#incoming.hasSeen(packet),
    });
  }

  /** What was agreed on with the server. */
  get level(): Level {
    return this.#log?.level ?? 'v6';
  }

  /** Number of messages that wait for a link or an acknowledgement. */
  get pending(): number {
    return this.#outgoing.size;
  }

  get nextDeadline(): Instant {
    return Math.min(this.#outgoing.nextDeadline, this.#log?.nextDeadline ?? NEVER);
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

  /** Whether a received message with QoS and without a position is not handled yet, by its key. */
  isHeld(key: string): boolean {
    return this.#incoming.isHeld(key);
  }

  /** Opens the user's durable outbox, if there is one and it is not open. Returns whether the caller must wait for it. */
  openOutbox(userId: string): boolean {
    if (!this.#hasOutbox || this.#outbox === 'open') return false;
    if (this.#outbox === 'closed') this.#effects.push({ kind: 'open-outbox', userId });
    this.#outbox = 'opening';
    return true;
  }

  /** The durable outbox knows which device of the user this is. */
  useDevice(userId: string, device: KeptDevice): void {
    if (this.#outbox !== 'closed') this.#log?.useDevice(userId, device);
  }

  /** A position was stored. */
  positionSaved(position: LogPosition, now: Instant): void {
    this.#log?.positionSaved(position, now);
  }

  /** A link is open. Returns member `x` of the login; undefined for the login of a v6 client. */
  offer(login: LoginRequest, roundTripMs: number | undefined): object | undefined {
    return this.#log?.offer(login, roundTripMs);
  }

  /** The login was accepted, with this member `x`. Called before {@link linkUp}. */
  negotiate(x: unknown, now: Instant): void {
    this.#log?.negotiate(x, now);
  }

  /** Adds the key of the link to packets, if it has one. */
  sign(effects: Effect[]): Effect[] {
    return this.#log?.sign(effects) ?? effects;
  }

  /** Makes a request. `state`: the state of the client. */
  request(ticket: number, request: LogRequest, state: ClientState, now: Instant): void {
    if (this.#log !== undefined) this.#log.request(ticket, request, state, now);
    else this.#effects.push({ kind: 'request-failed', ticket, error: notNegotiated() });
  }

  /** The login has ended: no request will be answered. */
  failRequests(reason: string): void {
    this.#log?.failRequests(reason);
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
    for (const message of usable)
      if (this.#outgoing.add(message, now, message.remainingMs)) this.#written(message, 1);
  }

  /** Sends a message: writes it if a link is up, else keeps it for the next link. */
  send(message: OutgoingMessage, now: Instant): void {
    const error = this.#outgoing.rejection(message.bytes);
    if (error !== undefined) {
      this.undelivered(message, error);
      return;
    }
    const isWritten = this.#outgoing.add(message, now);
    if (this.#isKept(message)) this.#effects.push({ kind: 'keep', message });
    if (isWritten) this.#written(message, 1);
  }

  /** Aborts a message. Has no effect if it is no longer pending. */
  abort(ticket: number, now: Instant): void {
    const message = this.#outgoing.abort(ticket);
    if (message === undefined) return;
    this.undelivered(message, new DeliveryError('ERR_ABORTED', 'the message was aborted by its signal'));
    this.#writeNext(now);
  }

  /** The login was accepted: writes acknowledgements, then all pending messages, in the order of sending. */
  linkUp(now: Instant): void {
    this.#isLinkUp = true;
    for (const frame of this.#unwritten.splice(0)) this.#effects.push({ kind: 'write', frame });
    const turns = this.level === 'v6' ? undefined : this.#createTurns?.<PendingMessage>();
    for (const { message, attempts } of this.#outgoing.linkUp(now, turns)) this.#written(message, attempts);
  }

  /** Adds the round-trip time of a keep-alive, in milliseconds. */
  measured(roundTripMs: number): void {
    this.#outgoing.measured(roundTripMs);
    this.#log?.measureRoundTrip(roundTripMs);
  }

  /** The link was lost: pending messages wait for the next one. */
  linkDown(): void {
    this.#isLinkUp = false;
    this.#outgoing.linkDown();
    this.#log?.endLink();
  }

  /**
   * Processes a packet of any type: acknowledges it if it has QoS and is not a new message, and handles data and
   * acknowledgements. Returns whether the packet is processed further.
   */
  receive(packet: Packet, now: Instant): boolean {
    if (this.#log?.take(packet, now) === true || !this.#incoming.receive(packet)) return false;
    const { type, dataContent = '', from = '' } = packet;
    if (type === PacketType.Acknowledgement) this.#settle(dataContent, from, now, 'received');
    return true;
  }

  /** A held message was handled: acknowledges it if a link is up, else after the next login. */
  handled(hold: Hold, now: Instant): void {
    if (isDelivery(hold)) {
      this.#log?.finish(hold, true, now);
      return;
    }
    const frame = this.#incoming.handled(hold, now);
    if (frame === undefined) return;
    if (this.#isLinkUp) this.#effects.push({ kind: 'write', frame });
    else this.#unwritten.push(frame);
  }

  /** A held message was not handled: its next copy counts as new. */
  released(hold: Hold, now: Instant): void {
    if (isDelivery(hold)) this.#log?.finish(hold, false, now);
    else this.#incoming.released(hold);
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
    this.#writeNext(now);
    this.#log?.wake(now);
  }

  /** Ends the run: all pending messages are reported as undelivered, or as postponed if the durable outbox has them. */
  end(reason: string): void {
    this.linkDown();
    this.failRequests(reason);
    for (const message of this.#outgoing.clear()) {
      const { ticket } = message;
      if (this.#isKept(message)) {
        const text = `the login ended: ${reason}; the outbox keeps the message for the next login`;
        this.#effects.push({ kind: 'postponed', ticket, error: new DeliveryError('ERR_POSTPONED', text) });
      } else this.undelivered(message, new DeliveryError('ERR_CLOSED', `the login ended: ${reason}`));
    }
    this.#log?.closeStorage();
    if (this.#outbox !== 'closed') this.#effects.push({ kind: 'close-outbox' });
    this.#outbox = 'closed';
  }

  /** Another user logs in: ends the pending messages and forgets the received ones of the previous user. */
  changeUser(): void {
    this.end('another user logs in');
    this.#incoming.forget();
    this.#log?.forgetUser();
    this.#unwritten = [];
  }

  /** Reports a message as undelivered and removes it from the durable outbox. */
  undelivered(message: OutgoingMessage, error: DeliveryError): void {
    const { ticket, packet } = message;
    this.#forget(message);
    this.#effects.push({ kind: 'undelivered', ticket, fingerprint: packet.fp, error });
  }

  /** The receiver or the server has a message. Returns whether it was pending. */
  #settle(
    fingerprint: string,
    to: string | undefined,
    now: Instant,
    outcome: SendOutcome,
    as?: StoredAs,
  ): boolean {
    const settled = this.#outgoing.acknowledge(fingerprint, to, now);
    if (settled !== undefined) this.#sent(settled.message, settled.attempts, outcome, as);
    this.#writeNext(now);
    return settled !== undefined;
  }

  #rejected(fingerprint: string, code: string, now: Instant): void {
    const message = this.#outgoing.rejected(fingerprint);
    if (message === undefined) return;
    const text = `the server rejected the message to ${message.packet.to} with ${code}`;
    this.undelivered(message, new DeliveryError('ERR_REJECTED', text, code));
    this.#writeNext(now);
  }

  /** Writes the messages whose turn it is now. */
  #writeNext(now: Instant): void {
    for (const { message, attempts } of this.#outgoing.takeNext(now)) this.#written(message, attempts);
  }

  #written(message: OutgoingMessage, attempts: number): void {
    this.#effects.push({ kind: 'write', frame: message.frame });
    if (!message.packet.QoS) this.#sent(message, attempts, 'written');
  }

  #sent(message: OutgoingMessage, attempts: number, outcome: SendOutcome, as?: StoredAs): void {
    const { ticket, packet } = message;
    this.#forget(message);
    this.#effects.push({ kind: 'sent', ticket, fingerprint: packet.fp, attempts, outcome, as });
  }

  #isKept({ packet }: OutgoingMessage): boolean {
    return this.#outbox !== 'closed' && packet.QoS;
  }

  #forget(message: OutgoingMessage): void {
    const { fp } = message.packet;
    if (fp !== undefined && this.#isKept(message)) this.#effects.push({ kind: 'forget', fingerprint: fp });
  }
}

function isDelivery(hold: Hold): hold is LogDelivery {
  return typeof hold === 'object' && 'generation' in hold;
}
