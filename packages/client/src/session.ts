import {
  CODE_SERVER_SAYS_NOT_LOGGED_IN,
  decodePacket,
  type Instant,
  type Packet,
  PacketType,
  ProtocolError,
  type Random,
  readErrorResponse,
  readKickOut,
  readLoginResponse,
} from '@imcore/protocol';
import type { Effect } from './effects.js';
import { DeliveryError, LinkError, ServerError } from './errors.js';
import type { QualityMeter } from './link-quality.js';
import { LoginRun } from './login-run.js';
import type { WhenOffline } from './message.js';
import { Messaging } from './messaging.js';
import type { OutgoingMessage, RestoredMessage } from './outgoing.js';
import type { Identity, SessionSettings } from './session-settings.js';
import type { ClientState } from './state.js';

/**
 * A client's conversation with its server, from login to logout, over as many links as that takes: a
 * {@link LoginRun} beside the {@link Messaging} that uses its links.
 *
 * Pure: it is told what happened and when, and answers with the effects that its driver carries out in order. It
 * reads no clock, owns no timer and touches no link. `nextDeadline` may come early, then `tick` finds nothing to do.
 *
 * @see docs/protocol/SPEC.md#10-client-life-cycle
 */
export class Session {
  readonly #effects: Effect[] = [];
  readonly #messaging: Messaging;
  readonly #run: LoginRun;

  constructor(settings: SessionSettings, random: Random) {
    this.#messaging = new Messaging(settings, this.#effects);
    this.#run = new LoginRun(settings, random, this.#messaging, this.#effects);
  }

  get state(): ClientState {
    return this.#run.state;
  }

  /** Who is logged in or logging in, or was last; an empty id before the first login. */
  get userId(): string {
    return this.#run.userId;
  }

  /** Messages that wait for a link or for their acknowledgement. */
  get pendingMessages(): number {
    return this.#messaging.pending;
  }

  /** What is known of the way to the server. */
  get quality(): QualityMeter {
    return this.#run.quality;
  }

  get nextDeadline(): Instant {
    return Math.min(this.#run.nextDeadline, this.#messaging.nextDeadline);
  }

  /** Whether the outbox has told what it holds. */
  get isOutboxOpen(): boolean {
    return this.#messaging.isOutboxOpen;
  }

  /** Whether a message with this fingerprint is pending. */
  isPending(fingerprint: string): boolean {
    return this.#messaging.isPending(fingerprint);
  }

  /** Opens a user's outbox without a login. Only from `idle`. */
  open(userId: string): Effect[] {
    this.#run.become({ userId, token: undefined, extra: undefined });
    this.#messaging.openOutbox(userId);
    return this.#takeEffects();
  }

  /** The outbox is open: what it holds, and what an earlier run has received. Or somebody else has left it more. */
  restored(messages: readonly RestoredMessage[], received: readonly string[], now: Instant): Effect[] {
    this.#messaging.remembered(received, now);
    this.#messaging.restored(messages, now);
    this.#run.resume('outbox', now);
    return this.#takeEffects();
  }

  /** Begins a run. Only from `idle`. */
  login(identity: Identity, now: Instant): Effect[] {
    this.#run.begin(identity, now);
    return this.#takeEffects();
  }

  /** Ends a run: says goodbye where somebody is logged in, gives up what is pending. After `close` for good. */
  logout(reason: 'logout' | 'close'): Effect[] {
    this.#run.logout(reason);
    return this.#takeEffects();
  }

  /** Takes a message over: writes it now, keeps it for the next link, or reports it undelivered at once. */
  send(message: OutgoingMessage, whenOffline: WhenOffline, now: Instant): Effect[] {
    const { state } = this;
    if (state === 'closed' || (state === 'idle' && !this.#messaging.keepsMessages)) {
      this.#messaging.undelivered(message, new DeliveryError('ERR_CLOSED', 'nobody is logged in'));
    } else if (state !== 'online' && whenOffline === 'fail') {
      const text = `there is no link to the server, the client is ${state}`;
      this.#messaging.undelivered(message, new DeliveryError('ERR_OFFLINE', text));
    } else {
      this.#messaging.send(message, now);
    }
    return this.#takeEffects();
  }

  /** Gives a message up on its sender's request. Without effect when it is done already. */
  abort(ticket: number): Effect[] {
    this.#messaging.abort(ticket);
    return this.#takeEffects();
  }

  /** Whether received messages are held until `handled` or `released`. */
  holdReceived(isHolding: boolean): void {
    this.#messaging.holdReceived(isHolding);
  }

  /** The application has handled a message that was held: it may be acknowledged. */
  handled(hold: string, now: Instant): Effect[] {
    this.#messaging.handled(hold, now);
    return this.#takeEffects();
  }

  /** Nobody has handled a message that was held, and nobody will: its next copy is handed on anew. */
  released(hold: string): Effect[] {
    this.#messaging.released(hold);
    return this.#takeEffects();
  }

  /** Tries now what waits for its time; asks the server whether a link is still good. */
  retryNow(now: Instant, hasNetwork = false): Effect[] {
    this.#run.retryNow(hasNetwork, now);
    return this.#takeEffects();
  }

  /** The application's answer to `ask-token`. */
  tokenReady(token: string, now: Instant): Effect[] {
    this.#run.tokenReady(token, now);
    return this.#takeEffects();
  }

  /** The application has no token, or none that can be sent. */
  tokenFailed(cause: Error, now: Instant): Effect[] {
    this.#run.tokenFailed(cause, now);
    return this.#takeEffects();
  }

  /** The link that was asked for is open: logs in. */
  linkOpened(now: Instant): Effect[] {
    this.#run.linkOpened(now);
    return this.#takeEffects();
  }

  /** The link was closed from outside, or could not be opened. */
  linkClosed(error: Error | undefined, now: Instant): Effect[] {
    this.#run.linkClosed(error, now);
    return this.#takeEffects();
  }

  /** A packet from the link. What cannot be read is reported and otherwise ignored. */
  receive(frame: string, now: Instant): Effect[] {
    if (!this.#run.hears()) return [];
    try {
      const packet = decodePacket(frame);
      if (this.#messaging.receive(packet, now)) this.#handleControl(packet, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#effects.push({ kind: 'error', error });
    }
    return this.#takeEffects();
  }

  /** Does what is due at `now`. */
  tick(now: Instant): Effect[] {
    this.#messaging.tick(now);
    this.#run.tick(now);
    return this.#takeEffects();
  }

  #handleControl({ type, dataContent, sm }: Packet, now: Instant): void {
    if (type === PacketType.LoginResponse) this.#run.answered(readLoginResponse(dataContent), sm, now);
    else if (type === PacketType.KeepAliveResponse) this.#run.keptAlive(sm, now);
    else if (type === PacketType.ErrorResponse) this.#handleErrorResponse(dataContent, now);
    else if (type === PacketType.KickOut) this.#run.kickedOut(readKickOut(dataContent));
  }

  #handleErrorResponse(content: string | undefined, now: Instant): void {
    const { errorCode, errorMsg } = readErrorResponse(content);
    this.#effects.push({ kind: 'error', error: new ServerError(errorCode, errorMsg) });
    if (errorCode !== CODE_SERVER_SAYS_NOT_LOGGED_IN) return;
    const cause = new LinkError('ERR_NOT_LOGGED_IN', 'the server does not know this session any more');
    this.#run.linkGone('session-unknown', cause, now);
  }

  #takeEffects(): Effect[] {
    return this.#effects.splice(0);
  }
}
