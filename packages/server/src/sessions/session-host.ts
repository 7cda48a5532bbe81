import {
  type BinaryString,
  createSessionKey,
  decodeFrameBody,
  encodeFrameBody,
  hasSessionKey,
  type Instant,
  KickOutCode,
  type LoginRequest,
  NOT_KICKED,
  type Packet,
  PacketType,
  ProtocolError,
  type ReceivedPacket,
  ResponseCode,
  type Scheduled,
} from '@imcore/protocol';
import type { LimitName, SessionEndReason } from '../events.js';
import type { HandlerSession, Handlers } from '../handlers/handler.js';
import type { SessionInfo } from '../hooks.js';
import type { TransportMetrics } from '../metrics.js';
import type {
  AdmissionDeadline,
  Connection,
  ConnectionHandler,
  SocketAdmission,
} from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing, RingEntry } from '../timers/deadline-queue.js';
import type { Outlet } from '../users/outlet.js';
import type { Device, User } from '../users/user.js';
import type { AddressChecks } from './address-checks.js';
import type { Answers } from './answers.js';
import { Inbound, type InboundOwner } from './inbound.js';
import { Outbound, type OutboundOwner } from './outbound.js';
import type { PeerReports, ReportedPeer } from './peer-reports.js';
import { Session } from './session.js';
import { SessionUser, type SessionUserContext } from './session-user.js';

const SPOOFED_SENDER = { errorCode: ResponseCode.InvalidPacket, errorMsg: 'from is not your user id' };

/** What all sessions of one server share. */
export interface SessionContext extends SessionUserContext {
  readonly answers: Answers;
  readonly reports: PeerReports;
  readonly handlers: Handlers;
  /** Deadlines of peers that read too slowly. */
  readonly stallDeadlines: DeadlineRing;
  readonly checks: AddressChecks;
  readonly owner: SessionOwner;
}

/** The registry of all sessions, as a session sees it. */
export interface SessionOwner {
  /** A stranger logs in. Returns false if a limit is reached. */
  strangerLogsIn(host: SessionHost): boolean;
  /** The address of a session is proven. */
  addressProven(host: SessionHost): void;
  /** How long a login from the session's address must wait, in milliseconds; undefined if it must be rejected. */
  loginDelayMs(host: SessionHost, now: Instant): number | undefined;
  /** A session's connection is gone. Not called for strangers. */
  gone(host: SessionHost): void;
}

/** What all sessions of one transport share. */
export interface TransportContext {
  readonly server: SessionContext;
  readonly readDeadlines: DeadlineRing;
  readonly metrics: TransportMetrics;
}

/**
 * Carries out what a {@link Session} decides, on one connection: passes packets to their handlers, writes and closes.
 *
 * Owns the connection and its read deadline, which is extended only by complete packets of a logged-in peer. Until a login
 * arrives, the deadline of the socket's admission applies as well.
 *
 * A peer whose address may be forged is a stranger until it sends a login: it has no place in the registry, and is gone after its
 * packet is handled.
 */
export class SessionHost
  implements
    ConnectionHandler,
    HandlerSession,
    Outlet,
    OutboundOwner,
    InboundOwner,
    ReportedPeer,
    AdmissionDeadline,
    RingEntry
{
  readonly connection: Connection;
  readonly transport: TransportContext;
  readonly #session = new Session();
  readonly #inbound: Inbound;
  readonly #outbound: Outbound;
  readonly #user: SessionUser;
  #delayed: Scheduled | undefined = undefined;
  /** Undefined once a login has arrived. */
  #admission: SocketAdmission | undefined;
  #isStranger: boolean;
  /** What each datagram must contain, so that a forged address is of no use. Undefined unless the session has a log over UDP. */
  #key: string | undefined = undefined;
  isProvenByKey = false;
  #isDecidingRepeatedLogin = false;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(connection: Connection, transport: TransportContext, admission: SocketAdmission | undefined) {
    this.connection = connection;
    this.transport = transport;
    this.#admission = admission;
    this.#isStranger = connection.addressProof !== undefined;
    this.#user = new SessionUser(transport.server, this);
    this.#inbound = new Inbound(this);
    this.#outbound = new Outbound(this);
    if (!this.#isStranger) transport.readDeadlines.start(this, this.runtime.clock.now());
  }

  get runtime(): Runtime {
    return this.transport.server.runtime;
  }

  get stallDeadlines(): DeadlineRing {
    return this.transport.server.stallDeadlines;
  }

  get device(): Device | undefined {
    return this.#user.device;
  }

  get user(): User | undefined {
    return this.#user.user;
  }

  get outlet(): Outlet {
    return this;
  }

  get info(): SessionInfo {
    return this.#user.info;
  }

  get isReliable(): boolean {
    return this.connection.isReliable;
  }

  get maxSendBytes(): number {
    return this.device?.feed?.maxFrameBytes ?? this.connection.maxSendBytes;
  }

  get isOpen(): boolean {
    return this.#session.state !== 'closed';
  }

  receive(body: BinaryString): void {
    if (this.#session.state === 'closed') return;
    this.#read(body);
    if (this.#isStranger) this.#end('closed');
  }

  #read(body: BinaryString): void {
    const now = this.runtime.clock.now();
    this.transport.metrics.packetsReceived += 1;
    if (!this.#inbound.admits(now)) return;
    let packet: ReceivedPacket;
    try {
      packet = decodeFrameBody(body, this.device?.feed === undefined ? 'drop' : 'keep');
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.violated(error);
      return;
    }
    if (this.#session.state !== 'anonymous') this.transport.readDeadlines.start(this, now);
    this.#handle(packet, now);
  }

  /** Ends the session, except on a datagram transport, where an unreadable packet is ignored. */
  violated(error: ProtocolError): void {
    if (!this.isOpen) return;
    const { reports, answers } = this.transport.server;
    reports.violation(this, error, this.#session.userId);
    if (!this.connection.isReliable) return;
    this.answer(
      answers.error({ errorCode: ResponseCode.InvalidPacket, errorMsg: error.message }, this.#session.userId),
    );
    this.#end('closed');
  }

  answeredPing(hasRoom: boolean): void {
    if (!this.isOpen) return;
    this.#inbound.admits(this.runtime.clock.now());
    if (!hasRoom) this.#outbound.fellBehind();
  }

  drained(): void {
    this.#outbound.caughtUp();
  }

  closed(): void {
    this.#user.leave('closed', NOT_KICKED);
    this.#release();
    if (!this.#isStranger) this.transport.server.owner.gone(this);
  }

  write(body: BinaryString, kind: 'message' | 'copy' = 'message'): boolean {
    const hasRoom = this.#outbound.send(body, kind);
    if (this.connection.addressProof?.isAwaited === true) this.#askForProof();
    return hasRoom;
  }

  answer(body: BinaryString): void {
    this.#outbound.send(body, 'answer');
  }

  sendPacket(packet: Packet): void {
    this.answer(encodeFrameBody(packet));
  }

  isStuck(now: Instant): boolean {
    return this.#outbound.isStuck(now);
  }

  waitFor(receiver: Outlet): void {
    this.#inbound.waitFor(receiver);
  }

  onCaughtUp(resume: () => void): void {
    this.#outbound.onCaughtUp(resume);
  }

  loginStarted(): boolean {
    if (this.isProvenByKey) return this.#repeatedLoginStarted();
    this.#endLoginDeadline();
    this.#session.loginStarted();
    this.#inbound.block();
    return true;
  }

  /** A login that may be forged is decided beside the packets that have the key. There is one at a time. */
  #repeatedLoginStarted(): boolean {
    if (this.#isDecidingRepeatedLogin) {
      this.runtime.metrics.withoutSessionKey += 1;
      return false;
    }
    this.#isDecidingRepeatedLogin = true;
    return true;
  }

  enter(): boolean {
    if (!this.#isStranger) return true;
    if (!this.transport.server.owner.strangerLogsIn(this)) {
      this.#session.loginIgnored();
      return false;
    }
    this.#isStranger = false;
    this.transport.readDeadlines.start(this, this.runtime.clock.now());
    return true;
  }

  loginDelayMs(now: Instant): number | undefined {
    return this.transport.server.owner.loginDelayMs(this, now);
  }

  addressProven(): void {
    this.transport.server.owner.addressProven(this);
    this.connection.addressProof?.trust();
  }

  openKey(): string | undefined {
    if (this.isReliable) return undefined;
    this.#key ??= createSessionKey(this.runtime.random);
    return this.#key;
  }

  reportInvalid(reason: string): void {
    const error = new ProtocolError('ERR_INVALID_FIELD', reason);
    this.transport.server.reports.violation(this, error, this.#session.userId);
  }

  /** The caller has already ended the device's earlier session and written the login response. */
  loginAccepted(device: Device, login: LoginRequest, sessionId: number, firstLoginTime: number): void {
    const { user } = device;
    const now = this.runtime.clock.now();
    this.#isDecidingRepeatedLogin = false;
    this.#user.endEarlier(device);
    // A listener for that end may have kicked the user out, and with it this session.
    if (!this.isOpen) return;
    this.#session.loginAccepted(user.id);
    this.transport.readDeadlines.start(this, now);
    if (user.isAsking) this.blockFor(user);
    if (device.feed === undefined) {
      this.#key = undefined;
      this.isProvenByKey = false;
    }
    this.#user.enter(device, login, sessionId, firstLoginTime);
    if (this.isOpen && this.user?.isAsking !== true) this.#resumeHandling();
  }

  /** The login could not be read. Ends the session, except on a datagram transport, where the login is ignored. */
  loginUnreadable(error: ProtocolError): void {
    this.#isDecidingRepeatedLogin = false;
    this.#session.loginIgnored();
    this.violated(error);
    this.#resumeHandling();
  }

  ignoreLogin(): void {
    if (!this.isOpen) return;
    this.runtime.metrics.withoutSessionKey += 1;
    this.#isDecidingRepeatedLogin = false;
    this.#session.loginIgnored();
    this.#resumeHandling();
  }

  /** Kicks this session out, because a newer session of the device exists. The peer has missed an earlier kick-out. */
  kickAsStale(userId: string): void {
    this.#sendKickOut(KickOutCode.DuplicateLogin, undefined, userId);
    this.#end('kicked');
  }

  later(at: Instant, run: () => void): void {
    this.#delayed = this.runtime.clock.schedule(at, run);
  }

  blockFor(user: User): void {
    this.#inbound.block();
    user.whenAnswered(() => this.#resumeHandling());
  }

  slowDown(): void {
    this.#inbound.slowDown();
  }

  get hasDeferred(): boolean {
    return this.#inbound.hasDeferred;
  }

  defer(packet: ReceivedPacket): void {
    this.#inbound.defer(packet);
  }

  replace(kickCode: number | undefined): void {
    if (kickCode !== undefined) this.#sendKickOut(kickCode, undefined);
    // The device is not detached: another session replaces this one at once.
    this.#user.device = undefined;
    this.#user.reportEnd('replaced', kickCode ?? NOT_KICKED);
    this.#end('replaced');
  }

  kick(code: number, reason: string | undefined): void {
    if (!this.isOpen) return;
    this.#sendKickOut(code, reason);
    this.#user.leave('kicked', code);
    this.#end('kicked');
  }

  /** Ends the session without a kick-out; the peer may reconnect. */
  end(): void {
    this.#end('closed');
  }

  logout(): void {
    this.#end('logout');
  }

  /** The server is closing: messages and logins are ignored from now on; acknowledgements are still handled. */
  stopAcceptingWork(): void {
    this.#session.stopAcceptingWork();
  }

  /** The read time-out has passed. It is restarted if the server itself has paused reading from the peer. */
  timedOut(): void {
    const { clock, metrics } = this.runtime;
    if (this.#inbound.isPaused) {
      this.transport.readDeadlines.start(this, clock.now());
      return;
    }
    metrics.sessionsTimedOut += 1;
    this.#end('timeout');
  }

  /** No login has arrived in time. */
  loginTimedOut(): void {
    this.#end('timeout');
  }

  /** The peer has reached a limit. */
  limited(limit: LimitName, value: number): void {
    this.transport.server.reports.limited(this, limit, value);
  }

  /** The peer reads too slowly and is disconnected. */
  giveUp(limit: LimitName, value: number): void {
    this.limited(limit, value);
    this.#user.leave('closed', NOT_KICKED);
    this.#release();
    this.connection.destroy();
  }

  /** Messages have used up what the peer's address may be sent: asks for a proof, with an answer that nobody asked for. */
  #askForProof(): void {
    const { checks, answers, runtime } = this.transport.server;
    const now = runtime.clock.now();
    const userId = this.user?.id;
    if (userId === undefined || !checks.isDue(this.connection, now)) return;
    const answer = checks.ask(this.connection, now, (fp) =>
      fp === undefined ? '' : answers.keepAlive(userId, fp),
    );
    if (answer !== '') this.answer(answer);
  }

  #handle(packet: ReceivedPacket, now: Instant): void {
    const { handlers, reports, runtime } = this.transport.server;
    if (this.#key !== undefined && !this.#hasKey(packet, this.#key)) return;
    const handler = handlers.get(packet.type);
    if (handler === undefined) {
      runtime.metrics.unknownTypes += 1;
      reports.rejected(this, 'unknown-type', packet);
      return;
    }
    // Packets are handled in order: after a login that waits, the session may belong to another user.
    if (handler.isWork && this.user?.isAsking === true && !this.#inbound.isBlocked) this.blockFor(this.user);
    const isRepeatedLogin = this.isProvenByKey && packet.type === PacketType.Login;
    const mustWait = handler.isWork && this.#inbound.isBlocked && !isRepeatedLogin;
    const admission =
      mustWait && handler.allowed === 'anyone' ? 'defer' : this.#session.admit(packet, handler);
    switch (admission) {
      case 'handle':
        if (mustWait) this.#inbound.defer(packet);
        else handler.handle(this, packet, now);
        return;
      case 'defer':
        this.#inbound.defer(packet);
        return;
      case 'not-logged-in':
        this.#rejectNotLoggedIn(packet);
        return;
      case 'spoofed-sender':
        runtime.metrics.spoofedSenders += 1;
        reports.rejected(this, 'spoofed-sender', packet);
        this.answer(this.transport.server.answers.error(SPOOFED_SENDER, this.user?.id));
        return;
      case 'ignore':
        return;
      default:
        admission satisfies never;
    }
  }

  /** Whether the peer itself has sent a packet. A login proves who it is by its token. */
  #hasKey({ type, x }: ReceivedPacket, key: string): boolean {
    if (type === PacketType.Login) return true;
    if (!hasSessionKey(x, key)) {
      this.runtime.metrics.withoutSessionKey += 1;
      return false;
    }
    this.isProvenByKey = true;
    if (this.connection.addressProof?.isAwaited === true) this.addressProven();
    return true;
  }

  /** Answers with error 301. If the address may be forged, the answer leaves the packet out and the session stays open. */
  #rejectNotLoggedIn(packet: ReceivedPacket): void {
    const { runtime, reports, answers } = this.transport.server;
    const isProven = this.connection.addressProof === undefined;
    runtime.metrics.notLoggedIn += 1;
    reports.rejected(this, 'not-logged-in', packet);
    this.answer(answers.notLoggedIn(packet, isProven ? this.maxSendBytes : 0));
    if (isProven) this.#end('closed');
  }

  #resumeHandling(): void {
    const packets = this.#inbound.unblock();
    for (const packet of packets) {
      if (!this.isOpen) return;
      this.#handle(packet, this.runtime.clock.now());
    }
    this.#inbound.update();
  }

  #sendKickOut(code: number, reason: string | undefined, userId = this.info.userId): void {
    this.runtime.metrics.kickOuts += 1;
    this.answer(this.transport.server.answers.kickOut({ code, reason }, userId));
  }

  #endLoginDeadline(): void {
    this.#admission?.endDeadline();
    this.#admission = undefined;
  }

  #end(reason: SessionEndReason): void {
    this.#user.leave(reason, NOT_KICKED);
    this.#release();
    this.connection.close();
  }

  /** Releases everything but the connection. */
  #release(): void {
    this.#session.close();
    this.#endLoginDeadline();
    this.#delayed?.cancel();
    this.ring?.stop(this);
    this.drained();
    this.#inbound.end();
  }
}
