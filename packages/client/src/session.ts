import {
  decodePacket,
  encodePacket,
  type Instant,
  keepAlivePacket,
  loginPacket,
  logoutPacket,
  NEVER,
  type Packet,
  PacketType,
  ProtocolError,
  type Random,
  ResponseCode,
  readErrorResponse,
  readKickOut,
  readLoginResponse,
} from '@imcore/protocol';
import type { Effect } from './effects.js';
import { DeliveryError, LinkError, LoginError, ServerError } from './errors.js';
import { Heartbeat } from './heartbeat.js';
import type { WhenOffline } from './message.js';
import { Messaging } from './messaging.js';
import type { OutgoingMessage } from './outgoing.js';
import { deadlineOf, type Phase } from './phase.js';
import { RetrySchedule } from './retry-schedule.js';
import type { Identity, SessionSettings } from './session-settings.js';
import type { ClientState, StateReason } from './state.js';

/**
 * A client's conversation with its server, from login to logout, over as many links as that takes.
 *
 * Pure: it is told what happened and when, and answers with the effects that its driver carries out in order. It
 * reads no clock, owns no timer and touches no link. `nextDeadline` may come early, then `tick` finds nothing to do.
 *
 * @see docs/protocol/SPEC.md#10-client-life-cycle
 */
export class Session {
  readonly #settings: SessionSettings;
  readonly #schedule: RetrySchedule;
  readonly #messaging: Messaging;
  readonly #effects: Effect[] = [];
  #phase: Phase = { state: 'idle' };
  #identity: Identity = { userId: '', token: undefined, extra: undefined };
  /** The server's answer to the first login of this run; 0 before it. */
  #firstLoginTime = 0;
  /** When a run whose first login was not accepted yet is given up; NEVER from then on. */
  #giveUpAt: Instant = NEVER;
  #lastFailure: Error | undefined;
  #roundTripMs: number | undefined;

  constructor(settings: SessionSettings, random: Random) {
    this.#settings = settings;
    this.#schedule = new RetrySchedule(settings.backoff, random);
    this.#messaging = new Messaging(settings, this.#effects);
  }

  get state(): ClientState {
    return this.#phase.state;
  }

  /** Who is logged in or logging in, or was last; an empty id before the first login. */
  get userId(): string {
    return this.#identity.userId;
  }

  /** Messages that wait for a link or for their acknowledgement. */
  get pendingMessages(): number {
    return this.#messaging.pending;
  }

  /** What the last keep-alive took to be answered, in milliseconds; undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  get nextDeadline(): Instant {
    return Math.min(deadlineOf(this.#phase), this.#giveUpAt, this.#messaging.nextDeadline);
  }

  /** Whether a message with this fingerprint is pending. */
  isPending(fingerprint: string): boolean {
    return this.#messaging.isPending(fingerprint);
  }

  /** Begins a run. Only from `idle`. */
  login(identity: Identity, now: Instant): Effect[] {
    if (identity.userId !== this.#identity.userId) this.#messaging.forgetReceived();
    this.#identity = identity;
    this.#firstLoginTime = 0;
    this.#giveUpAt = now + this.#settings.connectTimeoutMs;
    this.#lastFailure = undefined;
    this.#schedule.proven();
    this.#connect(now);
    return this.#takeEffects();
  }

  /** Ends a run: says goodbye where somebody is logged in, gives up what is pending. After `close` for good. */
  logout(reason: 'logout' | 'close'): Effect[] {
    const { state } = this.#phase;
    if (state === 'closed' || (state === 'idle' && reason === 'logout')) return [];
    if (state === 'online') this.#write(logoutPacket(this.#identity.userId));
    this.#end(
      reason,
      new LoginError('ERR_LOGIN_ABORTED', `${reason} was called during the login`),
      undefined,
    );
    return this.#takeEffects();
  }

  /** Takes a message over: writes it now, keeps it for the next link, or reports it undelivered at once. */
  send(message: OutgoingMessage, whenOffline: WhenOffline, now: Instant): Effect[] {
    const { state } = this.#phase;
    if (state === 'idle' || state === 'closed') {
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

  /** Tries now what waits for its time: the platform says that there is a network again. */
  retryNow(now: Instant): Effect[] {
    if (this.#phase.state === 'waiting') this.#connect(now);
    return this.#takeEffects();
  }

  /** The link that was asked for is open: logs in. */
  linkOpened(now: Instant): Effect[] {
    if (this.#phase.state !== 'connecting') return [];
    this.#enter({ state: 'authenticating', deadline: now + this.#settings.loginTimeoutMs });
    this.#write(loginPacket({ ...this.#identity, firstLoginTime: this.#firstLoginTime }));
    return this.#takeEffects();
  }

  /** The link was closed from outside, or could not be opened. */
  linkClosed(error: Error | undefined, now: Instant): Effect[] {
    const { state } = this.#phase;
    if (state === 'connecting') {
      const cause = error ?? new LinkError('ERR_LINK_FAILED', 'the link was closed while it was opened');
      this.#linkGone('cannot-connect', cause, now);
    } else if (state === 'authenticating' || state === 'online') {
      const cause = error ?? new LinkError('ERR_LINK_CLOSED', 'the server closed the link');
      this.#linkGone('link-closed', cause, now);
    }
    return this.#takeEffects();
  }

  /** A packet from the link. What cannot be read is reported and otherwise ignored. */
  receive(frame: string, now: Instant): Effect[] {
    if (this.#phase.state !== 'authenticating' && this.#phase.state !== 'online') return [];
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
    if (now >= this.#giveUpAt) this.#giveUp();
    else if (this.#phase.state === 'online') this.#tickOnline(this.#phase.heartbeat, now);
    else if (now >= deadlineOf(this.#phase)) this.#tickOffline(now);
    return this.#takeEffects();
  }

  #handleControl(packet: Packet, now: Instant): void {
    if (packet.type === PacketType.LoginResponse) this.#handleLoginResponse(packet, now);
    else if (packet.type === PacketType.KeepAliveResponse) this.#handleKeepAliveResponse(now);
    else if (packet.type === PacketType.ErrorResponse) this.#handleErrorResponse(packet, now);
    else if (packet.type === PacketType.KickOut) this.#handleKickOut(packet);
  }

  #handleLoginResponse(packet: Packet, now: Instant): void {
    if (this.#phase.state !== 'authenticating') return;
    const { code: serverCode, firstLoginTime } = readLoginResponse(packet.dataContent);
    if (serverCode !== ResponseCode.Ok) {
      const text = `the server refused the login with code ${serverCode}`;
      const error = new LoginError('ERR_LOGIN_REFUSED', text, { serverCode });
      this.#effects.push({ kind: 'refused', code: serverCode });
      this.#end('refused', error, error);
      return;
    }
    if (this.#firstLoginTime <= 0) this.#firstLoginTime = firstLoginTime;
    const isFirstLogin = this.#giveUpAt !== NEVER;
    this.#giveUpAt = NEVER;
    this.#enter({ state: 'online', heartbeat: new Heartbeat(this.#settings.keepAlive, now) });
    if (isFirstLogin) this.#effects.push({ kind: 'logged-in', firstLoginTime: this.#firstLoginTime });
    this.#messaging.linkUp(now);
  }

  #handleKeepAliveResponse(now: Instant): void {
    if (this.#phase.state !== 'online') return;
    this.#roundTripMs = this.#phase.heartbeat.answered(now) ?? this.#roundTripMs;
    this.#schedule.proven();
  }

  #handleErrorResponse(packet: Packet, now: Instant): void {
    const { errorCode, errorMsg } = readErrorResponse(packet.dataContent);
    this.#effects.push({ kind: 'error', error: new ServerError(errorCode, errorMsg) });
    if (errorCode !== ResponseCode.ServerSaysNotLoggedIn) return;
    const cause = new LinkError('ERR_NOT_LOGGED_IN', 'the server does not know this session any more');
    this.#linkGone('session-unknown', cause, now);
  }

  #handleKickOut(packet: Packet): void {
    const { code, reason } = readKickOut(packet.dataContent);
    this.#effects.push({ kind: 'kicked', code, reason });
    const error = new LoginError('ERR_KICKED', `the server kicked the user out with code ${code}`);
    this.#end('kicked', error, error);
  }

  #tickOnline(heartbeat: Heartbeat, now: Instant): void {
    const due = heartbeat.due(now);
    if (due === 'send') this.#write(keepAlivePacket(this.#identity.userId));
    if (due !== 'link-lost') return;
    const text = `the server answered no keep-alive for ${this.#settings.keepAlive.clientTimeoutMs} ms`;
    this.#linkGone('link-silent', new LinkError('ERR_LINK_SILENT', text), now);
  }

  #tickOffline(now: Instant): void {
    const { loginTimeoutMs } = this.#settings;
    if (this.#phase.state === 'waiting') {
      this.#connect(now);
    } else if (this.#phase.state === 'connecting') {
      const text = `the link could not be opened within ${loginTimeoutMs} ms`;
      this.#linkGone('cannot-connect', new LinkError('ERR_LINK_FAILED', text), now);
    } else {
      const text = `the server did not answer the login within ${loginTimeoutMs} ms`;
      this.#linkGone('unanswered', new LinkError('ERR_LOGIN_UNANSWERED', text), now);
    }
  }

  #connect(now: Instant): void {
    this.#enter({ state: 'connecting', deadline: now + this.#settings.loginTimeoutMs });
    this.#effects.push({ kind: 'connect' });
  }

  /** The link is gone, or could not be had: tries again later, or ends the run. */
  #linkGone(reason: StateReason, cause: Error, now: Instant): void {
    this.#messaging.linkDown();
    this.#lastFailure = cause;
    if (this.#phase.state === 'online') this.#effects.push({ kind: 'link-lost', reason, cause });
    if (!this.#settings.autoReconnect) {
      const error = new LoginError('ERR_CANNOT_CONNECT', `the login failed: ${cause.message}`, { cause });
      this.#end(reason, error, cause);
      return;
    }
    this.#effects.push({ kind: 'disconnect' });
    this.#enter({ state: 'waiting', deadline: now + this.#schedule.failed(reason) }, reason, cause);
  }

  #giveUp(): void {
    const cause = this.#lastFailure;
    const text = `no login within ${this.#settings.connectTimeoutMs} ms${cause ? `: ${cause.message}` : ''}`;
    this.#end('cannot-connect', new LoginError('ERR_CANNOT_CONNECT', text, { cause }), cause);
  }

  /** Ends the run: closes the link, reports the login that is under way and all messages that are pending. */
  #end(reason: StateReason, error: LoginError, cause: Error | undefined): void {
    const { state } = this.#phase;
    const isFirstLogin = this.#giveUpAt !== NEVER;
    if (state !== 'idle' && state !== 'waiting') this.#effects.push({ kind: 'disconnect' });
    this.#giveUpAt = NEVER;
    this.#enter({ state: reason === 'close' ? 'closed' : 'idle' }, reason, cause);
    if (isFirstLogin) this.#effects.push({ kind: 'login-failed', error });
    this.#messaging.end(reason);
  }

  #enter(phase: Phase, reason?: StateReason, cause?: Error): void {
    const previous = this.#phase.state;
    const retryAt = phase.state === 'waiting' ? phase.deadline : undefined;
    this.#phase = phase;
    this.#effects.push({ kind: 'state', previous, current: phase.state, reason, retryAt, cause });
  }

  #write(packet: Packet): void {
    this.#effects.push({ kind: 'write', frame: encodePacket(packet) });
  }

  #takeEffects(): Effect[] {
    return this.#effects.splice(0);
  }
}
