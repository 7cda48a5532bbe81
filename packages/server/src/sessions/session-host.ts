import {
  type BinaryString,
  decodeFrameBody,
  type Instant,
  KickOutCode,
  type LoginRequest,
  NOT_KICKED,
  PacketType,
  ProtocolError,
  type ReceivedPacket,
  ResponseCode,
  type Scheduled,
} from '@imcore/protocol';
import type { LimitName } from '../events.js';
import type { SessionInfo } from '../hooks.js';
import type { DeadlineRing, RingEntry } from '../scheduling/deadline-queue.js';
import type { Connection, ConnectionHandler } from '../transports/transport.js';
import { describeSession } from './describe-session.js';
import type { HostParts } from './host-parts.js';
import type { LiveSession } from './live-session.js';
import type { ReportedPeer } from './peer-reports.js';
import { Presence } from './presence.js';
import { type LimitReports, Reading } from './reading.js';
import { Session } from './session.js';
import type { User } from './user.js';
import { Writing, type WritingOwner } from './writing.js';

const SPOOFED_SENDER = { errorCode: ResponseCode.InvalidPacket, errorMsg: 'from is not your user id' };

/** Learns once of each host whose connection is gone. */
export interface HostOwner {
  gone(host: SessionHost): void;
}

/**
 * Carries out what a {@link Session} decides, on one connection: answers, hands messages to the router, closes.
 *
 * Owns the connection and its read deadline, which only complete packets of a user move.
 */
export class SessionHost
  implements ConnectionHandler, LiveSession, WritingOwner, LimitReports, ReportedPeer, RingEntry
{
  readonly connection: Connection;
  readonly #session = new Session();
  readonly #parts: HostParts;
  readonly #readDeadlines: DeadlineRing;
  readonly #reading: Reading;
  readonly #owner: HostOwner;
  readonly #writing: Writing;
  readonly #presence: Presence;
  #delayed: Scheduled | undefined = undefined;

  dueAt: Instant = 0;
  ring: DeadlineRing | undefined = undefined;
  previousInRing: RingEntry | undefined = undefined;
  nextInRing: RingEntry | undefined = undefined;

  constructor(connection: Connection, parts: HostParts, readDeadlines: DeadlineRing, owner: HostOwner) {
    this.connection = connection;
    this.#owner = owner;
    this.#parts = parts;
    this.#readDeadlines = readDeadlines;
    this.#presence = new Presence(this.#session, parts);
    this.#reading = new Reading(connection, parts, this);
    this.#writing = new Writing(connection, parts, this);
    readDeadlines.start(this, parts.clock.now());
  }

  get info(): SessionInfo {
    return this.#session.info ?? describeSession(this.connection);
  }

  get onlineAs(): string | undefined {
    return this.#presence.user?.id;
  }

  isStuck(now: Instant): boolean {
    return this.#writing.isStuck(now);
  }

  get maxSendBytes(): number {
    return this.connection.maxSendBytes;
  }

  get isOpen(): boolean {
    return this.#session.isOpen;
  }

  receive(body: BinaryString): void {
    if (!this.isOpen) return;
    const now = this.#parts.clock.now();
    this.#parts.metrics.packetsReceived += 1;
    if (!this.#reading.admits(now)) return;
    let packet: ReceivedPacket;
    try {
      packet = decodeFrameBody(body);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.violated(error);
      return;
    }
    if (this.#session.state !== 'anonymous') this.#readDeadlines.start(this, now);
    this.#handle(packet, now);
  }

  violated(error: ProtocolError): void {
    if (!this.isOpen) return;
    this.#parts.reports.violation(this, error, this.#session.userId);
    if (this.connection.transport === 'udp') return;
    const { answers } = this.#parts;
    this.send(
      answers.error({ errorCode: ResponseCode.InvalidPacket, errorMsg: error.message }, this.#session.userId),
    );
    this.end();
  }

  drained(): void {
    this.#writing.caughtUp();
  }

  closed(): void {
    this.#presence.leave(NOT_KICKED);
    this.#release();
    this.#owner.gone(this);
  }

  send(body: BinaryString): boolean {
    return this.#writing.send(body);
  }

  waitFor(receiver: LiveSession): void {
    this.#reading.waitFor(receiver);
  }

  onCaughtUp(resume: () => void): void {
    this.#writing.onCaughtUp(resume);
  }

  /** The login under way is accepted. The caller has made room in the directory and answers. */
  accept(user: User, login: LoginRequest, firstLoginTime: number, now: Instant): void {
    this.#presence.enter(user);
    this.#session.accepted(describeSession(this.connection, login, firstLoginTime));
    this.#readDeadlines.start(this, now);
    this.#blockFor(user.awaited);
  }

  /** Runs at an instant, unless the session has ended by then. One run at a time. */
  later(at: Instant, run: () => void): void {
    this.#delayed = this.#parts.clock.schedule(at, run);
  }

  /** The login under way is decided, one way or the other: what came meanwhile is handled now. */
  loginDecided(): void {
    if (this.#presence.user?.awaited === undefined) this.#resumeHandling();
  }

  /** The login could not be read: on UDP that changes nothing, elsewhere it ends the session. */
  loginUnreadable(error: ProtocolError): void {
    this.#session.loginIgnored();
    this.violated(error);
    this.#resumeHandling();
  }

  /** A newer session of this user stays: the peer has missed its own kick-out. */
  kickAsStale(userId: string): void {
    this.#sendKickOut(KickOutCode.DuplicateLogin, undefined, userId);
    this.end();
  }

  displace(kickCode: number | undefined): void {
    if (kickCode !== undefined) this.#sendKickOut(kickCode, undefined);
    this.#presence.giveWay(kickCode ?? NOT_KICKED);
    this.end();
  }

  kick(code: number, reason: string | undefined): void {
    this.#sendKickOut(code, reason);
    this.#presence.leave(code);
    this.end();
  }

  end(): void {
    this.#presence.leave(NOT_KICKED);
    this.#release();
    this.connection.close();
  }

  /** The server closes: no message is taken any more, acknowledgements are. */
  stopTaking(): void {
    this.#session.stopTaking();
  }

  /** The read time-out has passed. While this server itself does not read, the peer is not to blame. */
  timedOut(): void {
    if (this.#reading.isPaused) {
      this.#readDeadlines.start(this, this.#parts.clock.now());
      return;
    }
    this.#parts.metrics.sessionsTimedOut += 1;
    this.end();
  }

  #handle(packet: ReceivedPacket, now: Instant): void {
    // What an earlier message waits for comes first: behind a login another user may be speaking.
    const mustWait = packet.type === PacketType.Login && this.#reading.isBlocked;
    const effect = mustWait ? 'defer' : this.#session.receive(packet);
    const { router, answers, login, metrics, reports, acknowledgements } = this.#parts;
    const user = this.#presence.user;
    switch (effect) {
      case 'route':
        if (user === undefined) return;
        if (this.#reading.isBlocked) this.#reading.defer(packet);
        else this.#blockFor(router.route(packet, user, this.info, now));
        return;
      case 'take-acknowledgement':
        if (user !== undefined && !acknowledgements.take(this.connection, packet, user, now))
          reports.rejected(this, 'unknown-acknowledgement');
        return;
      case 'answer-keep-alive':
        this.send(acknowledgements.answerKeepAlive(this.connection, this.#session.userId ?? ''));
        return;
      case 'authenticate':
        this.#reading.block();
        login.begin(this, packet, now);
        return;
      case 'answer-echo':
        this.send(answers.echo(packet));
        return;
      case 'defer':
        this.#reading.defer(packet);
        return;
      case 'close':
        if (this.#reading.hasDeferred) this.#reading.defer(packet);
        else this.end();
        return;
      case 'refuse-not-logged-in':
        metrics.notLoggedIn += 1;
        reports.rejected(this, 'not-logged-in');
        this.send(answers.notLoggedIn(packet, this.connection.transport === 'udp' ? 0 : this.maxSendBytes));
        if (this.connection.transport !== 'udp') this.end();
        return;
      case 'refuse-spoofed-sender':
        metrics.spoofedSenders += 1;
        reports.rejected(this, 'spoofed-sender');
        this.send(answers.error(SPOOFED_SENDER, user?.id));
        return;
      case 'ignore':
        return;
      default:
        effect satisfies never;
    }
  }

  #blockFor(answer: Promise<void> | undefined): void {
    if (answer === undefined) return;
    this.#reading.block();
    void answer.then(() => this.#resumeHandling());
  }

  #resumeHandling(): void {
    const packets = this.#reading.unblock();
    for (const packet of packets) {
      if (!this.isOpen) return;
      this.#handle(packet, this.#parts.clock.now());
    }
    this.#reading.caughtUp();
  }

  /** The peer ran into a limit. */
  limited(limit: LimitName, value: number): void {
    this.#parts.reports.limited(this, limit, value);
  }

  /** The peer is hopelessly behind. */
  giveUp(limit: LimitName, value: number): void {
    this.limited(limit, value);
    this.#presence.leave(NOT_KICKED);
    this.#release();
    this.connection.destroy();
  }

  #sendKickOut(code: number, reason: string | undefined, userId = this.info.userId): void {
    this.#parts.metrics.kickOuts += 1;
    this.send(this.#parts.answers.kickOut({ code, reason }, userId));
  }

  /** Lets go of everything but the connection. */
  #release(): void {
    this.#session.close();
    this.#delayed?.cancel();
    this.ring?.stop(this);
    this.drained();
    this.#reading.end();
  }
}
