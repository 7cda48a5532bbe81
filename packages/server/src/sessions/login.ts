import {
  type Clock,
  decideDuplicateLogin,
  type Emitter,
  type Instant,
  isUserId,
  KickOutCode,
  type LoginRequest,
  ProtocolError,
  type ReceivedPacket,
  ResponseCode,
  readLoginRequest,
} from '@imcore/protocol';
import type { Courier } from '../delivery/courier.js';
import type { ServerEvents } from '../events.js';
import type { HookAsker } from '../hook-asker.js';
import type { Hooks, LoginVerdict } from '../hooks.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { AddressTable } from './address-table.js';
import type { Answers } from './answers.js';
import type { Directory } from './directory.js';
import type { SessionHost } from './session-host.js';

export interface LoginParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly hooks: Hooks;
  readonly asker: HookAsker;
  readonly limits: ServerLimits;
  readonly addresses: AddressTable;
  readonly answers: Answers;
  readonly directory: Directory;
  readonly courier: Courier;
}

const REFUSED_BY_FAILURE: LoginVerdict = { accept: false, code: ResponseCode.Unknown };

/**
 * Decides logins: asks the application each time, settles which of two sessions of one user stays, and lets the
 * user in at the moment of the answer, so that no message written upon it can miss its receiver.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export class Login {
  readonly #parts: LoginParts;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  begin(host: SessionHost, packet: ReceivedPacket, now: Instant): void {
    let request: LoginRequest;
    try {
      request = readLoginRequest(packet.dataContent);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      host.loginUnreadable(error);
      return;
    }
    const delayMs = this.#parts.addresses.loginDelayMs(host.connection.remoteAddress, now);
    if (delayMs === 0) {
      this.#ask(host, request);
      return;
    }
    const { metrics, events, limits } = this.#parts;
    const { remoteAddress } = host.connection;
    const value = limits.loginsPerSecondPerAddress;
    const { userId } = request;
    events.emit('limited', { limit: 'loginsPerSecondPerAddress', value, remoteAddress, userId });
    if (delayMs === undefined) {
      metrics.loginsTurnedAway += 1;
      host.end();
      return;
    }
    metrics.loginsDelayed += 1;
    host.later(now + delayMs, () => this.#ask(host, request));
  }

  #ask(host: SessionHost, request: LoginRequest): void {
    if (!host.isOpen) return;
    const { hooks, asker } = this.#parts;
    if (!isUserId(request.userId)) this.#refuse(host, ResponseCode.InvalidPacket);
    else if (hooks.authenticate === undefined) this.#enter(host, request);
    else {
      const { userId, token, extra } = request;
      const { transport, remoteAddress } = host.connection;
      void asker.ask(
        'authenticate',
        () => hooks.authenticate?.({ userId, token, extra, transport, remoteAddress }),
        (verdict) => this.#decide(host, request, requireVerdict(verdict)),
        () => this.#decide(host, request, REFUSED_BY_FAILURE),
      );
    }
  }

  #decide(host: SessionHost, request: LoginRequest, verdict: LoginVerdict): void {
    if (!host.isOpen) return;
    if (verdict.accept) this.#enter(host, request);
    else this.#refuse(host, verdict.code);
  }

  #refuse(host: SessionHost, code: number): void {
    this.#parts.metrics.loginsRejected += 1;
    host.send(this.#parts.answers.login({ code, firstLoginTime: -1 }, ''));
    host.end();
  }

  #enter(host: SessionHost, request: LoginRequest): void {
    const { answers, clock, courier, directory, events, metrics } = this.#parts;
    const firstLoginTime = request.firstLoginTime > 0 ? request.firstLoginTime : clock.wallTime();
    const answer = answers.login({ code: ResponseCode.Ok, firstLoginTime }, request.userId);
    const old = directory.find(request.userId)?.mailbox.session;
    const decision =
      old === undefined || old === host
        ? undefined
        : decideDuplicateLogin(request.firstLoginTime, old.info.firstLoginTime);
    host.send(answer);
    // The answer may have been one byte too much for a peer that reads nothing.
    if (!host.isOpen) return;
    if (decision === 'kick-new') {
      host.kickAsStale(request.userId);
      return;
    }
    if (decision !== undefined)
      old?.displace(decision === 'kick-old' ? KickOutCode.DuplicateLogin : undefined);
    const user = directory.enter(request.userId);
    const now = clock.now();
    host.accept(user, request, firstLoginTime, now);
    metrics.loginsAccepted += 1;
    host.connection.admit();
    if (old !== host) courier.attach(user, host, now);
    events.emit('online', host.info);
    host.loginDecided();
  }
}

/** @throws TypeError for an answer that says neither yes nor no. */
function requireVerdict(answer: unknown): LoginVerdict {
  if (typeof answer === 'object' && answer !== null && 'accept' in answer) {
    if (answer.accept === true) return { accept: true };
    if (answer.accept === false && 'code' in answer && isRefusalCode(answer.code)) {
      return { accept: false, code: answer.code };
    }
  }
  throw new TypeError(
    'it must answer { accept: true } or { accept: false, code }, code a whole number but 0',
  );
}

/** Code 0 is the acceptance of every client. */
function isRefusalCode(code: unknown): code is number {
  return Number.isSafeInteger(code) && code !== ResponseCode.Ok;
}
