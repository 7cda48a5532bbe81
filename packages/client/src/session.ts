import {
  CODE_SERVER_SAYS_NOT_LOGGED_IN,
  decodePacket,
  type Instant,
  type LogPosition,
  type Packet,
  PacketType,
  ProtocolError,
  type Random,
  readErrorResponse,
  readKickOut,
  readLoginResponse,
} from '@imcore/protocol';
import type { Effect, Hold } from './effects.js';
import { DeliveryError, LinkError, ServerError } from './errors.js';
import type { KeptDevice, Level } from './level.js';
import type { QualityMeter } from './link-quality.js';
import type { LogRequest } from './log-request.js';
import { LoginRun } from './login-run.js';
import type { WhenOffline } from './message.js';
import { Messaging } from './messaging.js';
import type { OutgoingMessage, RestoredMessage } from './outgoing.js';
import type { CreateLog } from './session-log.js';
import type { Identity, SessionSettings } from './session-settings.js';
import type { ClientState } from './state.js';

/**
 * The state machine of a client, from login to logout, over any number of links: a {@link LoginRun} and the
 * {@link Messaging} that uses its links.
 *
 * Pure: each method takes an input with its time and returns the effects that the driver executes in order. It reads no
 * clock, owns no timer and touches no link. `nextDeadline` may be early; then `tick` does nothing.
 *
 * @see docs/protocol/SPEC.md#10-client-life-cycle
 */
export class Session {
  readonly #effects: Effect[] = [];
  readonly #messaging: Messaging;
  readonly #run: LoginRun;

  constructor(settings: SessionSettings, random: Random, createLog?: CreateLog) {
    this.#messaging = new Messaging(settings, this.#effects, random, createLog);
    this.#run = new LoginRun(settings, random, this.#messaging, this.#effects);
  }

  get state(): ClientState {
    return this.#run.state;
  }

  /** The user id of the current or last login; empty before the first login. */
  get userId(): string {
    return this.#run.userId;
  }

  /** What was agreed on with the server. */
  get level(): Level {
    return this.#messaging.level;
  }

  /** Number of messages that wait for a link or an acknowledgement. */
  get pendingMessages(): number {
    return this.#messaging.pending;
  }

  /** Measurements of the connection. */
  get quality(): QualityMeter {
    return this.#run.quality;
  }

  get nextDeadline(): Instant {
    return Math.min(this.#run.nextDeadline, this.#messaging.nextDeadline);
  }

  /** Whether the durable outbox is open and its messages are loaded. */
  get isOutboxOpen(): boolean {
    return this.#messaging.isOutboxOpen;
  }

  /** Whether a message with this fingerprint is pending. */
  isPending(fingerprint: string): boolean {
    return this.#messaging.isPending(fingerprint);
  }

  /** Opens a user's durable outbox without a login. Only from `idle`. */
  open(userId: string): Effect[] {
    this.#run.setIdentity({ userId, token: undefined, extra: undefined });
    this.#messaging.openOutbox(userId);
    return this.#takeEffects();
  }

  /** The durable outbox was opened, or has adopted messages of a closed tab: pending messages and keys of received ones. */
  restored(
    messages: readonly RestoredMessage[],
    received: readonly string[],
    now: Instant,
    device?: KeptDevice,
  ): Effect[] {
    if (device !== undefined) this.#messaging.useDevice(this.userId, device);
    this.#messaging.markSeen(received, now);
    this.#messaging.restored(messages, now);
    this.#run.resume('outbox', now);
    return this.#takeEffects();
  }

  /** Starts a login. Only from `idle`. */
  login(identity: Identity, now: Instant): Effect[] {
    this.#run.begin(identity, now);
    return this.#takeEffects();
  }

  /** Ends the login: sends a logout packet if online, gives up pending messages. `close` is permanent. */
  logout(reason: 'logout' | 'close'): Effect[] {
    this.#run.logout(reason);
    return this.#takeEffects();
  }

  /** Sends a message: writes it now, keeps it for the next link, or reports it as undelivered. */
  send(message: OutgoingMessage, whenOffline: WhenOffline, now: Instant): Effect[] {
    const { state } = this;
    if (state === 'closed' || (state === 'idle' && !this.#messaging.keepsMessages)) {
      this.#messaging.undelivered(message, new DeliveryError('ERR_CLOSED', 'no user is logged in'));
    } else if (state !== 'online' && whenOffline === 'fail') {
      const text = `there is no link to the server, the state is ${state}`;
      this.#messaging.undelivered(message, new DeliveryError('ERR_OFFLINE', text));
    } else {
      this.#messaging.send(message, now);
    }
    return this.#takeEffects();
  }

  /** Aborts a message. Has no effect if it is no longer pending. */
  abort(ticket: number, now: Instant): Effect[] {
    this.#messaging.abort(ticket, now);
    return this.#takeEffects();
  }

  /** Whether a received message with QoS and without a position is not handled yet, by its key. */
  isHeld(key: string): boolean {
    return this.#messaging.isHeld(key);
  }

  /** The application has handled a held message: acknowledges it. */
  handled(hold: Hold, now: Instant): Effect[] {
    this.#messaging.handled(hold, now);
    return this.#takeEffects();
  }

  /** A held message was not handled: its next copy counts as new. */
  released(hold: Hold, now: Instant): Effect[] {
    this.#messaging.released(hold, now);
    return this.#takeEffects();
  }

  /** The position of an effect `save-position` is stored, or could not be stored. */
  positionSaved(position: LogPosition, now: Instant): Effect[] {
    this.#messaging.positionSaved(position, now);
    return this.#takeEffects();
  }

  /** Makes a request. Its outcome is an effect `request-done` or `request-failed` with its ticket. */
  request(ticket: number, request: LogRequest, now: Instant): Effect[] {
    this.#messaging.request(ticket, request, this.state, now);
    return this.#takeEffects();
  }

  /** Reconnects at once while waiting; checks the link with a keep-alive while online. */
  retryNow(now: Instant, hasNetwork = false): Effect[] {
    this.#run.retryNow(hasNetwork, now);
    return this.#takeEffects();
  }

  /** The application returned a token, after `ask-token`. */
  tokenReady(token: string, now: Instant): Effect[] {
    this.#run.tokenReady(token, now);
    return this.#takeEffects();
  }

  /** The application failed to return a valid token. */
  tokenFailed(cause: Error, now: Instant): Effect[] {
    this.#run.tokenFailed(cause, now);
    return this.#takeEffects();
  }

  /** The link is open: sends the login. */
  linkOpened(now: Instant): Effect[] {
    this.#run.linkOpened(now);
    return this.#takeEffects();
  }

  /** The link was closed by the server or the network, or could not be opened. */
  linkClosed(error: Error | undefined, now: Instant): Effect[] {
    this.#run.linkClosed(error, now);
    return this.#takeEffects();
  }

  /** Processes a packet. An invalid one is reported as an error and ignored. */
  receive(frame: string, now: Instant): Effect[] {
    if (!this.#run.onPacket()) return [];
    try {
      const packet = decodePacket(frame);
      if (this.#messaging.receive(packet, now)) this.#handleControl(packet, now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#effects.push({ kind: 'error', error });
    }
    return this.#takeEffects();
  }

  /** Processes everything that is due at `now`. */
  tick(now: Instant): Effect[] {
    this.#messaging.tick(now);
    this.#run.tick(now);
    return this.#takeEffects();
  }

  #handleControl({ type, dataContent, sm }: Packet, now: Instant): void {
    if (type === PacketType.LoginResponse) this.#run.onLoginResponse(readLoginResponse(dataContent), sm, now);
    else if (type === PacketType.KeepAliveResponse) this.#run.onKeepAliveResponse(sm, now);
    else if (type === PacketType.ErrorResponse) this.#handleErrorResponse(dataContent, now);
    else if (type === PacketType.KickOut) this.#run.onKickOut(readKickOut(dataContent));
  }

  #handleErrorResponse(content: string | undefined, now: Instant): void {
    const { errorCode, errorMsg } = readErrorResponse(content);
    this.#effects.push({ kind: 'error', error: new ServerError(errorCode, errorMsg) });
    if (errorCode !== CODE_SERVER_SAYS_NOT_LOGGED_IN) return;
    const cause = new LinkError('ERR_NOT_LOGGED_IN', 'the server no longer knows this session');
    this.#run.onLinkLost('session-unknown', cause, now);
  }

  #takeEffects(): Effect[] {
    return this.#messaging.sign(this.#effects.splice(0));
  }
}
