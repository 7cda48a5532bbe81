import { type Clock, Emitter, type Instant, type Random, type Unsubscribe } from '@imcore/protocol';
import { Alarm } from './alarm.js';
import { checkIdentity, composeMessage, type LoginRequest } from './compose.js';
import type { Effect } from './effects.js';
import { DeliveryError, UsageError } from './errors.js';
import type { ClientEvents, StateChange } from './events.js';
import { LinkHolder } from './link-holder.js';
import type { Logger } from './logger.js';
import type { Receipt, SendRequest } from './message.js';
import type { CheckedSettings } from './options.js';
import { PendingSends } from './pending-sends.js';
import { Session } from './session.js';
import type { ClientState } from './state.js';
import type { Transport } from './transport.js';

/** The parts that {@link ImClient} works with. */
export interface ClientParts {
  readonly transport: Transport;
  readonly settings: CheckedSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** What a login has come to. */
export interface LoginResult {
  /** When the server accepted the first login of this run, in milliseconds since 1970 by its clock. */
  readonly firstLoginTime: number;
}

interface PendingLogin {
  resolve(result: LoginResult): void;
  reject(error: Error): void;
}

/**
 * A user's end of the conversation with a server: logs in, stays logged in over lost links, sends and receives.
 *
 * Drives a {@link Session}: carries out its effects in order, owns its link, its alarm and the promises of those
 * who wait. Made by `createClient`.
 */
export class ImClient {
  readonly #parts: ClientParts;
  readonly #session: Session;
  readonly #emitter: Emitter<ClientEvents>;
  readonly #sends = new PendingSends();
  readonly #link: LinkHolder;
  readonly #alarm: Alarm;
  /** One for each run whose outcome was not carried out yet: a listener may log in again before that. */
  readonly #logins: PendingLogin[] = [];
  #lastTicket = 0;
  #queue: Effect[] = [];
  #isRunning = false;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#session = new Session(parts.settings, parts.random);
    this.#emitter = new Emitter((error, name) => this.#reportListenerError(error, name));
    this.#alarm = new Alarm(parts.clock, () => this.#run(this.#session.tick(this.#now())));
    this.#link = new LinkHolder(parts.transport, {
      opened: () => this.#run(this.#session.linkOpened(this.#now())),
      received: (frame) => this.#run(this.#session.receive(frame, this.#now())),
      closed: (error) => this.#run(this.#session.linkClosed(error, this.#now())),
    });
  }

  get state(): ClientState {
    return this.#session.state;
  }

  /** Who is logged in or logging in, or was last; an empty id before the first login. */
  get userId(): string {
    return this.#session.userId;
  }

  /** What the last keep-alive took to be answered, in milliseconds; undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#session.roundTripMs;
  }

  /** Messages that wait for a link or for their acknowledgement. */
  get pendingMessages(): number {
    return this.#session.pendingMessages;
  }

  /**
   * Logs in, and stays logged in until `logout`, a kick-out, a refusal or `close`: a lost link is followed by another
   * login unless `autoReconnect` is off.
   *
   * Resolves when the server has accepted. A server that cannot be reached is tried again until `connectTimeoutMs`
   * (default 30 000 ms) has passed, with `autoReconnect: false` once.
   *
   * @throws LoginError `ERR_LOGIN_REFUSED` (with `serverCode`), `ERR_CANNOT_CONNECT` (with `cause`), `ERR_KICKED`,
   *   `ERR_LOGIN_ABORTED` when `logout` or `close` is called meanwhile; the client is `idle` after each.
   * @throws UsageError `ERR_ALREADY_LOGGED_IN`, `ERR_CLIENT_CLOSED`, `ERR_INVALID_ARGUMENT`
   * @see docs/protocol/SPEC.md#4-login
   */
  async login(request: LoginRequest): Promise<LoginResult> {
    const identity = checkIdentity(request, this.#parts.settings.maxSendBytes);
    if (this.state === 'closed') throw closedError();
    if (this.state !== 'idle') {
      throw new UsageError('ERR_ALREADY_LOGGED_IN', `${this.userId} is logged in already, log out first`);
    }
    return new Promise((resolve, reject) => {
      this.#logins.push({ resolve, reject });
      this.#run(this.#session.login(identity, this.#now()));
    });
  }

  /**
   * Tells the server goodbye and goes `idle`; whoever waits for a login or an acknowledgement is rejected. Without
   * effect when nobody is logged in. Resolves when nothing is left to do.
   */
  async logout(): Promise<void> {
    this.#run(this.#session.logout('logout'));
  }

  /** Logs out and releases everything, for good: this client cannot log in again. */
  async close(): Promise<void> {
    this.#run(this.#session.logout('close'));
  }

  /**
   * Sends a message and waits until somebody else is responsible for it.
   *
   * Resolves when the receiver has it or the server has stored it, not when a person has read it; with `qos: false`
   * when it is written. Messages leave in the order of the calls, around a lost link too: those that were not
   * acknowledged are written again to the next link, before those that have waited for it, with all retries again.
   * What ends that is `sendTimeoutMs` (default 30 000 ms), counted from the call.
   *
   * @throws DeliveryError `ERR_NOT_ACKNOWLEDGED` after the last retry, `ERR_NOT_SENT` when there was no link in time,
   *   `ERR_TOO_LARGE`, `ERR_OFFLINE`, `ERR_QUEUE_FULL`, `ERR_ABORTED`, `ERR_CLOSED`
   * @throws UsageError `ERR_INVALID_ARGUMENT`, `ERR_FINGERPRINT_IN_USE`
   * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
   */
  async send(request: SendRequest): Promise<Receipt> {
    const { settings, random } = this.#parts;
    this.#lastTicket += 1;
    const message = composeMessage(request, this.userId, this.#lastTicket, random);
    const { ticket, packet } = message;
    if (packet.fp !== undefined && this.#session.isPending(packet.fp)) {
      throw new UsageError(
        'ERR_FINGERPRINT_IN_USE',
        `a message with the fingerprint ${packet.fp} is pending`,
      );
    }
    const receipt = this.#sends.add(ticket, request.signal, () => this.#run(this.#session.abort(ticket)));
    const refusal = this.#refusal(request);
    if (refusal !== undefined) {
      this.#run([{ kind: 'undelivered', ticket, fingerprint: packet.fp, error: refusal }]);
    } else {
      this.#run(this.#session.send(message, request.whenOffline ?? settings.whenOffline, this.#now()));
    }
    return receipt;
  }

  /** While `waiting`: tries at once, for instance because the platform reports that there is a network again. */
  retryNow(): void {
    this.#run(this.#session.retryNow(this.#now()));
  }

  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => void,
  ): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  off<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => void): void {
    this.#emitter.off(name, listener);
  }

  /** Carries effects out, in order; those that listeners cause meanwhile come after them. Then sets the alarm. */
  #run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#queue.push(effect);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let i = 0; i < this.#queue.length; i++) {
      const effect = this.#queue[i];
      if (effect !== undefined) this.#try(effect);
    }
    this.#queue = [];
    this.#isRunning = false;
    this.#alarm.set(this.#session.nextDeadline);
  }

  /** A transport that throws, against its contract, must not stop what comes after. */
  #try(effect: Effect): void {
    try {
      this.#carryOut(effect);
    } catch (thrown) {
      this.#reportError(toError(thrown));
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'write':
        this.#link.send(effect.frame);
        break;
      case 'connect':
        this.#link.open();
        break;
      case 'disconnect':
        this.#link.close();
        break;
      case 'state':
        this.#emitter.emit('state', this.#stateChange(effect));
        break;
      case 'logged-in':
        this.#logins.shift()?.resolve({ firstLoginTime: effect.firstLoginTime });
        break;
      case 'login-failed':
        this.#logins.shift()?.reject(effect.error);
        break;
      case 'refused':
        this.#emitter.emit('refused', { code: effect.code });
        break;
      case 'link-lost':
        this.#emitter.emit('linkLost', { reason: effect.reason, cause: effect.cause });
        break;
      case 'kicked':
        this.#emitter.emit('kicked', { code: effect.code, reason: effect.reason });
        break;
      case 'message':
        this.#emitter.emit('message', effect.message);
        break;
      case 'sent':
        this.#sent(effect);
        break;
      case 'undelivered':
        this.#sends.reject(effect.ticket, effect.error);
        this.#emitter.emit('undelivered', { fingerprint: effect.fingerprint, error: effect.error });
        break;
      case 'error':
        this.#reportError(effect.error);
        break;
      default:
        effect satisfies never;
    }
  }

  #sent({ ticket, fingerprint, attempts, isAcknowledged }: Effect & { kind: 'sent' }): void {
    const acknowledgedAt = isAcknowledged ? this.#parts.clock.wallTime() : undefined;
    this.#sends.resolve(ticket, { fingerprint, attempts, acknowledgedAt });
    if (isAcknowledged && fingerprint !== undefined) this.#emitter.emit('delivered', { fingerprint });
  }

  #stateChange({ previous, current, reason, retryAt, cause }: Effect & { kind: 'state' }): StateChange {
    const { clock } = this.#parts;
    return {
      previous,
      current,
      ...(reason !== undefined && { reason }),
      ...(retryAt !== undefined && { retryAt: Math.round(clock.wallTime() + (retryAt - clock.now())) }),
      ...(cause !== undefined && { cause }),
    };
  }

  /** Why a message is not even handed to the session. */
  #refusal({ signal }: SendRequest): DeliveryError | undefined {
    if (signal?.aborted === true) return new DeliveryError('ERR_ABORTED', 'the signal had fired before');
    const buffered = this.#link.bufferedBytes;
    const { maxPendingBytes } = this.#parts.settings;
    if (buffered <= maxPendingBytes) return undefined;
    const text = `${buffered} bytes wait for the server to read them, maxPendingBytes is ${maxPendingBytes}`;
    return new DeliveryError('ERR_QUEUE_FULL', text);
  }

  #reportError(error: Error): void {
    if (this.#emitter.has('error')) this.#emitter.emit('error', error);
    else this.#parts.logger.warn({ error: error.name }, error.message);
  }

  #reportListenerError(thrown: unknown, name: keyof ClientEvents): void {
    const error = toError(thrown);
    if (name === 'error') {
      this.#parts.logger.error(
        { error: error.name },
        `a listener of the event error threw: ${error.message}`,
      );
    } else this.#reportError(error);
  }

  #now(): Instant {
    return this.#parts.clock.now();
  }
}

function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function closedError(): UsageError {
  return new UsageError('ERR_CLIENT_CLOSED', 'this client was closed for good, create another one');
}
