import {
  type BinaryString,
  type Instant,
  InvalidMember,
  isUserId,
  KickOutCode,
  type LoginOffer,
  type LoginRequest,
  loginAnswerMember,
  ProtocolError,
  type ReceivedPacket,
  ResponseCode,
  readLoginOffer,
  readLoginRequest,
} from '@imcore/protocol';
import { typeName } from '../check-options.js';
import { decideAgainstClaim } from '../cluster/claims.js';
import type { ServerCluster } from '../cluster/server-cluster.js';
import { asError, InvalidAnswer } from '../errors.js';
import type { FeedOpenings, OpenedLog } from '../feeds/feed-openings.js';
import type { Feeds } from '../feeds/feeds.js';
import type { HookRunner } from '../hook-runner.js';
import type { LoginVerdict } from '../hooks.js';
import type { Runtime } from '../runtime.js';
import type { AddressChecks } from '../sessions/address-checks.js';
import type { Answers } from '../sessions/answers.js';
import { decideLogin, type LoginRecord, loginTimeOf } from '../users/login-order.js';
import type { Outlet } from '../users/outlet.js';
import type { Device } from '../users/user.js';
import { V6_DEVICE } from '../users/user.js';
import type { UserRegistry } from '../users/user-registry.js';
import type { Handler, HandlerSession } from './handler.js';

const REJECTED_BY_FAILURE: LoginVerdict = { accept: false, code: ResponseCode.Unknown };

/**
 * Type 0: asks `authenticate`, and applies the protocol's rule about duplicate logins. The session becomes the device's
 * session in the same turn as the login response is written, so that a message sent right after it finds its receiver.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export class LoginHandler implements Handler {
  readonly allowed = 'anyone';
  readonly isWork = true;
  readonly #runtime: Runtime;
  readonly #users: UserRegistry;
  readonly #hooks: HookRunner;
  readonly #checks: AddressChecks;
  readonly #answers: Answers;
  readonly #cluster: ServerCluster | undefined;
  /** Undefined without a store: then there are no logs. */
  readonly #openings: FeedOpenings | undefined;
  readonly #feeds: Feeds | undefined;
  #lastSessionId = 0;

  constructor(
    runtime: Runtime,
    users: UserRegistry,
    hooks: HookRunner,
    checks: AddressChecks,
    answers: Answers,
    cluster: ServerCluster | undefined,
    feeds: Feeds | undefined,
  ) {
    this.#runtime = runtime;
    this.#users = users;
    this.#hooks = hooks;
    this.#checks = checks;
    this.#answers = answers;
    this.#cluster = cluster;
    this.#openings = feeds?.openings;
    this.#feeds = feeds;
  }

  handle(session: HandlerSession, packet: ReceivedPacket, now: Instant): void {
    if (!session.loginStarted()) return;
    let request: LoginRequest;
    try {
      request = readLoginRequest(packet.dataContent);
      if (packet.hasInvalidContent)
        throw new ProtocolError(
          'ERR_INVALID_FIELD',
          'field dataContent of a login is not valid Unicode text',
        );
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      session.loginUnreadable(error);
      return;
    }
    if (session.isProvenByKey && session.user?.id !== request.userId) {
      session.ignoreLogin();
      return;
    }
    if (!session.enter()) return;
    const { remoteAddress } = session.connection;
    const delayMs = session.loginDelayMs(now);
    if (delayMs === 0) {
      this.#ask(session, request);
      return;
    }
    const { metrics, events, limits } = this.#runtime;
    const value = limits.loginsPerSecondPerAddress;
    const { userId } = request;
    events.emit('limited', { limit: 'loginsPerSecondPerAddress', value, remoteAddress, userId });
    if (delayMs === undefined) {
      metrics.loginsTurnedAway += 1;
      refuse(session);
      return;
    }
    metrics.loginsDelayed += 1;
    session.later(now + delayMs, () => this.#ask(session, request));
  }

  #ask(session: HandlerSession, request: LoginRequest): void {
    if (!session.isOpen) return;
    // A session gets its ID when `authenticate` is asked, so that IDs tell in which order the logins came.
    this.#lastSessionId += 1;
    const sessionId = this.#lastSessionId;
    if (!isUserId(request.userId)) {
      this.#reject(session, ResponseCode.InvalidPacket);
      return;
    }
    const offer = this.#offerOf(session, request);
    if (this.#hooks.hooks.authenticate === undefined) {
      this.#enter(session, request, offer, sessionId);
      return;
    }
    const { userId, token, extra } = request;
    const { transport, remoteAddress } = session.connection;
    const device = offer?.device;
    void this.#hooks.ask(
      'authenticate',
      () => this.#hooks.hooks.authenticate?.({ userId, token, extra, transport, remoteAddress, device }),
      (verdict) => this.#decide(session, request, offer, requireVerdict(verdict), sessionId),
      () => this.#decide(session, request, offer, REJECTED_BY_FAILURE, sessionId),
    );
  }

  #decide(
    session: HandlerSession,
    request: LoginRequest,
    offer: LoginOffer | undefined,
    verdict: LoginVerdict,
    sessionId: number,
  ): void {
    if (!session.isOpen) return;
    if (verdict.accept) this.#enter(session, request, offer, sessionId);
    else this.#reject(session, verdict.code);
  }

  #reject(session: HandlerSession, code: number): void {
    this.#runtime.metrics.loginsRejected += 1;
    if (session.isProvenByKey) {
      session.ignoreLogin();
      return;
    }
    session.answer(this.#answers.login({ code, firstLoginTime: -1 }, ''));
    session.end();
  }

  /** The login is allowed. If the client offers a log, it is opened before the login is answered. */
  #enter(
    session: HandlerSession,
    request: LoginRequest,
    offer: LoginOffer | undefined,
    sessionId: number,
  ): void {
    if (this.#openings === undefined || offer === undefined) this.#accept(session, request, sessionId);
    else void this.#open(this.#openings, offer, session, request, sessionId);
  }

  /** A client whose log cannot be opened is not answered: it tries again. */
  async #open(
    openings: FeedOpenings,
    offer: LoginOffer,
    session: HandlerSession,
    request: LoginRequest,
    sessionId: number,
  ): Promise<void> {
    try {
      const opened = await openings.open(request.userId, offer, session);
      if (session.isOpen) this.#accept(session, request, sessionId, opened);
    } catch (error) {
      const { metrics, events } = this.#runtime;
      metrics.storeFailures += 1;
      events.emit('error', asError(error));
      refuse(session);
    }
  }

  /** What the client offers, if there are logs. An invalid offer is reported, and the session is one of a v6 client. */
  #offerOf(session: HandlerSession, { x }: LoginRequest): LoginOffer | undefined {
    if (this.#openings === undefined) return undefined;
    const offer = readLoginOffer(x);
    if (offer instanceof InvalidMember) {
      this.#runtime.metrics.invalidOffers += 1;
      session.reportInvalid(offer.message);
      return undefined;
    }
    return offer?.capabilities.includes('log') === true ? offer : undefined;
  }

  #accept(session: HandlerSession, request: LoginRequest, sessionId: number, opened?: OpenedLog): void {
    const { userId, firstLoginTime: sent } = request;
    const deviceId = opened?.device.id ?? V6_DEVICE;
    // Only the login of the same client may be repeated: a log of the same device.
    if (session.isProvenByKey && (opened === undefined || session.device?.id !== deviceId)) {
      session.ignoreLogin();
      return;
    }
    const wallTime = this.#runtime.clock.wallTime();
    const known = this.#users.find(userId);
    const rival = this.#cluster?.rivalOf(userId, deviceId);
    const latest = Math.max(known?.latestLoginTime ?? 0, rival?.firstLoginTime ?? 0);
    const online = known?.findDevice(deviceId);
    const old = online?.session;
    let decision: ReturnType<typeof decideLogin> | undefined;
    if (old !== undefined && !isSame(old, session))
      decision =
        opened === undefined
          ? decideLogin(sent, sessionId, loginOf(old, online), latest, wallTime)
          : decideSameDevice(old, sessionId);
    // Whatever is decided, the other node ends its session when it learns of a login that wins.
    if (
      rival !== undefined &&
      opened === undefined &&
      decideAgainstClaim(rival, sent, sessionId, latest, wallTime) === 'kick-new'
    )
      decision = 'kick-new';
    if (decision === 'end-new') {
      session.end();
      return;
    }
    const time = loginTimeOf(sent, latest, wallTime);
    // A client gets back what it sent, as from the original server, whether or not it counts.
    const firstLoginTime = sent > 0 ? sent : time;
    const x =
      opened && loginAnswerMember({ capabilities: ['log'], log: opened.start, key: session.openKey() });
    const response = { code: ResponseCode.Ok, firstLoginTime, x };
    const write = (fp?: string): BinaryString => this.#answers.login(response, userId, fp);
    // One that is kicked out at once proves nothing any more.
    const isKicked = decision === 'kick-new';
    session.answer(
      isKicked ? write() : this.#checks.ask(session.connection, this.#runtime.clock.now(), write),
    );
    // The response may have exceeded `maxBufferedBytes`, which ends the session.
    if (!session.isOpen) return;
    if (isKicked) {
      session.kickAsStale(userId);
      return;
    }
    if (decision !== undefined)
      old?.replace(decision === 'kick-old' ? KickOutCode.DuplicateLogin : undefined);
    const user = this.#users.enter(userId);
    const device = user.device(deviceId);
    if (old !== undefined) user.sessionEnded(old.info);
    device.sentLoginTime = sent;
    if (opened !== undefined && this.#feeds !== undefined) {
      user.usesLog = true;
      device.feed?.end();
      device.kind = opened.device.kind;
      device.feed = this.#feeds.create(device, session.outlet, opened, session.isProvenByKey);
    }
    session.loginAccepted(device, request, sessionId, time);
    // The user is not offline in between.
    if (session.isOpen) this.#feeds?.devices.makeRoomFor(user, device, opened?.others ?? []);
  }
}

/** A login is not accepted. One that may be forged must not end the session of another client. */
function refuse(session: HandlerSession): void {
  if (session.isProvenByKey) session.ignoreLogin();
  else if (session.isOpen) session.end();
}

/** A later session of a named device takes the place of the one before, which is the same client on another connection. */
function decideSameDevice(old: Outlet, sessionId: number): 'replace-old' | 'end-new' {
  return sessionId > old.info.sessionId ? 'replace-old' : 'end-new';
}

/** The login of a device's online session. */
function loginOf({ info }: Outlet, device: Device | undefined): LoginRecord {
  return { sent: device?.sentLoginTime ?? 0, time: info.firstLoginTime, sessionId: info.sessionId };
}

function isSame(outlet: Outlet, session: HandlerSession): boolean {
  return (outlet as unknown) === session;
}

/** @throws InvalidAnswer if the answer is not a {@link LoginVerdict}. */
function requireVerdict(answer: unknown): LoginVerdict {
  const allowed = 'must return { accept: true } or { accept: false, code } with a whole number other than 0';
  if (typeof answer !== 'object' || answer === null || !('accept' in answer))
    throw new InvalidAnswer(`${allowed}, got ${typeName(answer)}`);
  if (answer.accept === true) return { accept: true };
  if (answer.accept !== false)
    throw new InvalidAnswer(`${allowed}, got ${typeName(answer.accept)} as accept`);
  const code = 'code' in answer ? answer.code : undefined;
  // Clients take code 0 as acceptance.
  if (Number.isSafeInteger(code) && code !== ResponseCode.Ok && typeof code === 'number')
    return { accept: false, code };
  throw new InvalidAnswer(`${allowed}, got ${typeName(code)} as code`);
}
