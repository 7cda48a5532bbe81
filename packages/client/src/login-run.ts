import {
  CODE_OK,
  encodePacket,
  type Instant,
  type KickOut,
  keepAlivePacket,
  type LoginResponse,
  loginPacket,
  logoutPacket,
  NEVER,
  type Packet,
  type Random,
} from '@imcore/protocol';
import type { Effect } from './effects.js';
import { LinkError, LoginError, OutboxError } from './errors.js';
import { Heartbeat } from './heartbeat.js';
import { KeepAlivePace } from './keep-alive-pace.js';
import { QualityMeter } from './link-quality.js';
import type { Messaging } from './messaging.js';
import { type Awaited, deadlineOf, type Phase } from './phase.js';
import { RetrySchedule } from './retry-schedule.js';
import type { Identity, SessionSettings } from './session-settings.js';
import type { ClientState, StateReason } from './state.js';

/**
 * The login state machine: `idle → connecting → authenticating → online`. After a lost link it goes through `waiting`
 * back to `connecting`, until a logout, a kick-out or a final rejection.
 *
 * `connecting` waits for the durable outbox, then for the application's token, then for the link. Notifies
 * {@link Messaging} when a link is up or down. Produces effects, like the whole {@link Session}.
 *
 * @see docs/protocol/SPEC.md#10-client-life-cycle
 */
export class LoginRun {
  readonly #settings: SessionSettings;
  readonly #schedule: RetrySchedule;
  readonly #messaging: Messaging;
  readonly #effects: Effect[];
  #phase: Phase = { state: 'idle' };
  #identity: Identity = { userId: '', token: undefined, extra: undefined };
  /** The time in the server's first login response; 0 before it. */
  #firstLoginTime = 0;
  /** When to give up if no login was accepted yet; NEVER after the first accepted login. */
  #giveUpAt: Instant = NEVER;
  #lastFailure: Error | undefined;
  #authenticatingSince: Instant = 0;
  readonly #pace: KeepAlivePace;
  /** Measurements of the connection. */
  readonly quality = new QualityMeter();

  constructor(settings: SessionSettings, random: Random, messaging: Messaging, effects: Effect[]) {
    this.#settings = settings;
    this.#schedule = new RetrySchedule(settings.backoff, random);
    this.#pace = new KeepAlivePace(settings.keepAlive, settings.keepAliveBounds);
    this.#messaging = messaging;
    this.#effects = effects;
  }

  get state(): ClientState {
    return this.#phase.state;
  }

  get userId(): string {
    return this.#identity.userId;
  }

  get nextDeadline(): Instant {
    return Math.min(deadlineOf(this.#phase), this.#giveUpAt);
  }

  /** A packet was received, which shows that the link is alive. Returns whether packets are processed in this state. */
  onPacket(): boolean {
    if (this.#phase.state === 'online') this.#phase.heartbeat.onPacket();
    return this.#phase.state === 'authenticating' || this.#phase.state === 'online';
  }

  /** Sets the user; a change of the user ends all pending messages of the previous one. */
  setIdentity(identity: Identity): void {
    if (identity.userId !== this.userId) this.#messaging.changeUser();
    this.#identity = identity;
  }

  /** Starts a login. Only from `idle`. */
  begin(identity: Identity, now: Instant): void {
    this.setIdentity(identity);
    this.#firstLoginTime = 0;
    this.#giveUpAt = now + this.#settings.connectTimeoutMs;
    this.#lastFailure = undefined;
    this.#schedule.succeeded();
    this.#connect(now);
  }

  logout(reason: 'logout' | 'close'): void {
    const { state } = this.#phase;
    if (state === 'closed') return;
    if (state === 'idle' && reason === 'logout') {
      this.#messaging.end(reason);
      return;
    }
    if (state === 'online') this.#write(logoutPacket(this.userId));
    const error = new LoginError('ERR_LOGIN_ABORTED', `${reason} was called during the login`);
    this.#end(reason, error, undefined);
  }

  /**
   * Retries at once, or sends a keep-alive while online.
   *
   * `hasNetwork`: the network is back, so an attempt that was started earlier may never be answered and is restarted.
   * So is an attempt whose deadline has passed while the device was suspended.
   */
  retryNow(hasNetwork: boolean, now: Instant): void {
    const { state } = this.#phase;
    const isStale = hasNetwork || now >= deadlineOf(this.#phase);
    if (state === 'waiting' || (state === 'authenticating' && isStale)) this.#connect(now);
    else if (isStale && this.#awaits('link')) this.#openLink(now);
    if (this.#phase.state !== 'online' || this.#phase.heartbeat.isProbing) return;
    this.#phase.heartbeat.probe(now, this.#settings.loginTimeoutMs);
    this.#write(keepAlivePacket(this.userId));
  }

  tokenReady(token: string, now: Instant): void {
    if (!this.#awaits('token')) return;
    this.#identity = { ...this.#identity, token };
    this.resume('token', now);
  }

  tokenFailed(cause: Error, now: Instant): void {
    if (this.#awaits('token')) this.onLinkLost('no-token', cause, now);
  }

  /** Continues with the next step of `connecting`; has no effect if it waits for another step. */
  resume(awaited: Awaited, now: Instant): void {
    if (!this.#awaits(awaited)) return;
    if (awaited === 'token' || this.#identity.asksForToken !== true) {
      this.#openLink(now);
      return;
    }
    this.#phase = { state: 'connecting', awaits: 'token', deadline: now + this.#settings.tokenTimeoutMs };
    this.#effects.push({ kind: 'ask-token' });
  }

  linkOpened(now: Instant): void {
    if (!this.#awaits('link')) return;
    this.#authenticatingSince = now;
    this.#enter({ state: 'authenticating', deadline: now + this.#settings.loginTimeoutMs });
    const login = { ...this.#identity, firstLoginTime: this.#firstLoginTime };
    this.#write(loginPacket({ ...login, x: this.#messaging.offer(login, this.quality.roundTripMs) }));
  }

  linkClosed(error: Error | undefined, now: Instant): void {
    const { state } = this.#phase;
    if (this.#awaits('link')) {
      const cause = error ?? new LinkError('ERR_LINK_FAILED', 'the link was closed while connecting');
      this.onLinkLost('cannot-connect', cause, now);
    } else if (state === 'authenticating' || state === 'online') {
      const cause = error ?? new LinkError('ERR_LINK_CLOSED', 'the server closed the link');
      this.onLinkLost('link-closed', cause, now);
    }
  }

  /** `serverTime`: when the response was written, in milliseconds since 1970; -1 if the server does not say. */
  onLoginResponse(
    { code: serverCode, firstLoginTime, x }: LoginResponse,
    serverTime: number,
    now: Instant,
  ): void {
    if (this.#phase.state !== 'authenticating') return;
    if (serverCode !== CODE_OK) {
      this.#rejected(serverCode, now);
      return;
    }
    // Without `serverTime`, the first response has the server's time in `firstLoginTime`; later ones repeat it.
    const isFirst = this.#firstLoginTime <= 0;
    const time = serverTime > 0 || !isFirst ? serverTime : firstLoginTime;
    this.quality.addServerTime(time, this.#authenticatingSince, now);
    if (isFirst) this.#firstLoginTime = firstLoginTime;
    const isFirstLogin = this.#giveUpAt !== NEVER;
    this.#giveUpAt = NEVER;
    this.#messaging.negotiate(x, now);
    this.#enter({ state: 'online', heartbeat: new Heartbeat(this.#pace, now) });
    if (isFirstLogin) this.#effects.push({ kind: 'logged-in', firstLoginTime: this.#firstLoginTime });
    this.#messaging.linkUp(now);
  }

  onKeepAliveResponse(serverTime: number, now: Instant): void {
    if (this.#phase.state !== 'online') return;
    this.#pace.answered();
    const sentAt = this.#phase.heartbeat.answered(now);
    if (sentAt !== undefined) {
      this.quality.answered(sentAt, now);
      this.quality.addServerTime(serverTime, sentAt, now);
      this.#messaging.measured(now - sentAt);
    }
    this.#schedule.succeeded();
  }

  onKickOut({ code, reason }: KickOut): void {
    this.#effects.push({ kind: 'kicked', code, reason });
    const error = new LoginError('ERR_KICKED', `the server kicked the user out with code ${code}`);
    this.#end('kicked', error, error);
  }

  tick(now: Instant): void {
    if (now >= this.#giveUpAt) this.#giveUp();
    else if (this.#phase.state === 'online') this.#tickOnline(this.#phase, now);
    else if (now >= deadlineOf(this.#phase)) this.#tickOffline(now);
  }

  /** The link was lost or could not be opened: waits for the next attempt, or ends the run. */
  onLinkLost(reason: StateReason, cause: Error, now: Instant): void {
    this.#messaging.linkDown();
    this.#lastFailure = cause;
    // The platform or the user has asked for the check that failed: the reason is at this client, not at the server.
    let isAlone = false;
    if (this.#phase.state === 'online') {
      isAlone = this.#phase.heartbeat.isProbing;
      if (reason === 'link-silent' || reason === 'link-closed') this.#pace.lost();
      this.#effects.push({ kind: 'linkLost', reason, cause });
    }
    if (!this.#settings.autoReconnect) {
      const error = new LoginError('ERR_CANNOT_CONNECT', `the login failed: ${cause.message}`, { cause });
      this.#end(reason, error, cause);
      return;
    }
    this.#effects.push({ kind: 'disconnect' });
    const delayMs = isAlone ? 0 : this.#schedule.failed();
    this.#enter({ state: 'waiting', deadline: now + delayMs }, reason, cause);
  }

  #awaits(awaited: Awaited): boolean {
    return this.#phase.state === 'connecting' && this.#phase.awaits === awaited;
  }

  /** A code that is not final reports a temporary problem of the server: the client retries. */
  #rejected(serverCode: number, now: Instant): void {
    const text = `the server rejected the login with code ${serverCode}`;
    const error = new LoginError('ERR_LOGIN_REJECTED', text, { serverCode });
    const isFinal = !this.#settings.autoReconnect || this.#settings.isFinalRejection(serverCode);
    this.#effects.push({ kind: 'rejected', code: serverCode, isFinal });
    if (isFinal) this.#end('rejected', error, error);
    else this.onLinkLost('rejected', error, now);
  }

  #tickOnline({ heartbeat }: Phase & { state: 'online' }, now: Instant): void {
    const due = heartbeat.due(now);
    if (due === 'send') this.#write(keepAlivePacket(this.userId));
    if (due !== 'link-lost') return;
    const text = `the server did not answer keep-alives for ${heartbeat.responseTimeoutMs} ms`;
    this.onLinkLost('link-silent', new LinkError('ERR_LINK_SILENT', text), now);
  }

  #tickOffline(now: Instant): void {
    const { loginTimeoutMs, tokenTimeoutMs } = this.#settings;
    if (this.#phase.state === 'waiting') {
      this.#connect(now);
    } else if (this.#awaits('outbox')) {
      const text = `the outbox did not open within ${tokenTimeoutMs} ms`;
      this.#effects.push({ kind: 'error', error: new OutboxError('ERR_OUTBOX_FAILED', text) });
      this.resume('outbox', now);
    } else if (this.#awaits('token')) {
      const text = `the token function did not return a token within ${tokenTimeoutMs} ms`;
      this.onLinkLost('no-token', new LoginError('ERR_TOKEN_UNAVAILABLE', text), now);
    } else if (this.#awaits('link')) {
      const text = `the link could not be opened within ${loginTimeoutMs} ms`;
      this.onLinkLost('cannot-connect', new LinkError('ERR_LINK_FAILED', text), now);
    } else {
      const text = `the server did not answer the login within ${loginTimeoutMs} ms`;
      this.onLinkLost('unanswered', new LinkError('ERR_LOGIN_UNANSWERED', text), now);
    }
  }

  #connect(now: Instant): void {
    this.#enter({ state: 'connecting', awaits: 'outbox', deadline: now + this.#settings.tokenTimeoutMs });
    if (!this.#messaging.openOutbox(this.userId)) this.resume('outbox', now);
  }

  #openLink(now: Instant): void {
    this.#phase = { state: 'connecting', awaits: 'link', deadline: now + this.#settings.loginTimeoutMs };
    this.#effects.push({ kind: 'connect' });
  }

  #giveUp(): void {
    const cause = this.#lastFailure;
    const text = `not logged in within ${this.#settings.connectTimeoutMs} ms${cause ? `: ${cause.message}` : ''}`;
    this.#end('cannot-connect', new LoginError('ERR_CANNOT_CONNECT', text, { cause }), cause);
  }

  /**
   * Ends the run: closes the link, rejects the pending login and all pending messages. With a durable outbox, messages
   * stay pending for the user's next login, unless the reason is `logout`, `close` or `kicked`.
   */
  #end(reason: StateReason, error: LoginError, cause: Error | undefined): void {
    const { state } = this.#phase;
    const isFirstLogin = this.#giveUpAt !== NEVER;
    if (state !== 'idle' && state !== 'waiting') this.#effects.push({ kind: 'disconnect' });
    this.#giveUpAt = NEVER;
    this.#enter({ state: reason === 'close' ? 'closed' : 'idle' }, reason, cause);
    if (isFirstLogin) this.#effects.push({ kind: 'login-failed', error });
    const isLeaving = reason === 'logout' || reason === 'close' || reason === 'kicked';
    if (isLeaving || !this.#messaging.keepsMessages) this.#messaging.end(reason);
    else {
      this.#messaging.linkDown();
      this.#messaging.failRequests(reason);
    }
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
}
