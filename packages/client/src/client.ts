import { Emitter, type Unsubscribe } from '@imcore/protocol';
import { checkedTokens, checkIdentity, checkUserId, composeMessage, type LoginRequest } from './compose.js';
import { type ClientParts, Driver } from './driver.js';
import { DeliveryError, UsageError } from './errors.js';
import type { ClientEvents } from './events.js';
import type { LinkQuality } from './link-quality.js';
import type { Message, Sending, SendRequest } from './message.js';
import type { LoginResult } from './pending-logins.js';
import { PendingSends } from './pending-sends.js';
import type { ClientState } from './state.js';

/**
 * A user's end of the conversation with a server: logs in, stays logged in over lost links, sends and receives.
 *
 * Made by `createClient`.
 */
export class ImClient {
  readonly #parts: ClientParts;
  readonly #emitter: Emitter<ClientEvents>;
  readonly #driver: Driver;

  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.#emitter = new Emitter((error, name) => this.#reportListenerError(error, name));
    this.#driver = new Driver(parts, this.#emitter);
  }

  get state(): ClientState {
    return this.#driver.session.state;
  }

  /** Who is logged in or logging in, or was last; an empty id before the first login. */
  get userId(): string {
    return this.#driver.session.userId;
  }

  /** What the last keep-alive took to be answered, in milliseconds; undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#driver.session.quality.roundTripMs;
  }

  /** What is known of the way to the server: round trips and the difference of the clocks. */
  get quality(): LinkQuality {
    const { clock } = this.#parts;
    return this.#driver.session.quality.at(clock.now(), clock.wallTime());
  }

  /** Messages that wait for a link or for their acknowledgement. */
  get pendingMessages(): number {
    return this.#driver.session.pendingMessages;
  }

  /**
   * Logs in, and stays logged in until `logout`, a kick-out, a final rejection or `close`: a lost link is followed by
   * another login unless `autoReconnect` is off.
   *
   * Resolves when the server has accepted. A server that cannot be reached is tried again until `connectTimeoutMs`
   * (default 30 000 ms) has passed, with `autoReconnect: false` once. A `token` that is a function is asked before
   * each login. The user's outbox, where there is one, is opened first.
   *
   * @throws LoginError `ERR_LOGIN_REJECTED` (with `serverCode`), `ERR_CANNOT_CONNECT` (with `cause`), `ERR_KICKED`,
   *   `ERR_LOGIN_ABORTED` when `logout` or `close` is called meanwhile; the client is `idle` after each.
   * @throws UsageError `ERR_ALREADY_LOGGED_IN`, `ERR_CLIENT_CLOSED`, `ERR_INVALID_ARGUMENT`
   * @see docs/protocol/SPEC.md#4-login
   */
  login(request: LoginRequest): Promise<LoginResult> {
    try {
      return this.#login(request);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Opens a user's outbox without a login: from now on `send` takes messages of this user, and keeps them for the
   * login. Resolves when the event `restored` has told what it holds, or when `logout` or `close` ends that. `login`
   * does this by itself.
   *
   * @throws UsageError `ERR_INVALID_OPTION` without the option `outbox`, `ERR_ALREADY_LOGGED_IN`,
   *   `ERR_CLIENT_CLOSED`, `ERR_INVALID_ARGUMENT`
   */
  async openOutbox(userId: string): Promise<void> {
    checkUserId(userId);
    this.#requireIdle();
    if (!this.#parts.settings.hasOutbox) {
      throw new UsageError('ERR_INVALID_OPTION', 'openOutbox needs the option outbox');
    }
    this.#driver.run(this.#driver.session.open(userId));
    if (!this.#driver.session.isOutboxOpen) await this.#driver.logins.opening();
  }

  /**
   * Tells the server goodbye and goes `idle`; whoever waits for a login or an acknowledgement is rejected. What an
   * outbox holds stays there. Resolves when nothing is left to do.
   */
  async logout(): Promise<void> {
    this.#driver.run(this.#driver.session.logout('logout'));
    await this.#driver.outbox?.closed;
  }

  /** Logs out and releases everything, for good: this client cannot log in again. */
  async close(): Promise<void> {
    this.#driver.run(this.#driver.session.logout('close'));
    await this.#driver.outbox?.closed;
  }

  /**
   * Sends a message and waits until somebody else is responsible for it.
   *
   * Resolves when the receiver has it or the server has stored it, not when a person has read it; with `qos: false`
   * when it is written. Messages leave in the order of the calls, around a lost link too: those that were not
   * acknowledged are written again to the next link, before those that have waited for it, with all retries again.
   * What ends that is `sendTimeoutMs` (default 30 000 ms, with an outbox seven days), counted from the call.
   *
   * With an outbox a message outlives the program once `accepted` resolves; then the events `delivered` and
   * `undelivered` tell what became of it. Messages without QoS are never kept.
   *
   * @throws DeliveryError `ERR_NOT_ACKNOWLEDGED` after the last retry, `ERR_NOT_SENT` when there was no link in time,
   *   `ERR_TOO_LARGE`, `ERR_OFFLINE`, `ERR_QUEUE_FULL`, `ERR_ABORTED`, `ERR_CLOSED`, `ERR_POSTPONED`
   * @throws UsageError `ERR_INVALID_ARGUMENT`, `ERR_FINGERPRINT_IN_USE`
   * @see docs/protocol/SPEC.md#8-qos-acknowledgement-retransmission-duplicate-suppression
   */
  send(request: SendRequest): Sending {
    try {
      return this.#send(request);
    } catch (error) {
      return PendingSends.failed(error);
    }
  }

  /**
   * Reads messages one after the other: `for await (const message of client.messages())`. Ends with `break`, with
   * `return()` or when the client is closed; logins may come and go. Several readers are given every message each.
   *
   * A message with QoS is acknowledged when its last reader has taken it. At most `maxUnhandledMessages` (default
   * 256) wait for that; more are neither taken nor acknowledged, so that the server keeps them: a server of this
   * project stores and brings them again, an original one repeats a message once and then counts it as lost. Messages
   * without QoS beyond that bound are dropped. What a last reader leaves behind unread is not acknowledged either,
   * unless a listener of the event `message` was given it.
   */
  messages(): AsyncIterableIterator<Message, undefined> {
    return this.#driver.streams.open();
  }

  /**
   * The network may be back: while `waiting`, tries at once; while `online`, asks the server whether the link is good.
   * Happens by itself where the platform tells (`signals`).
   */
  retryNow(): void {
    this.#driver.run(this.#driver.session.retryNow(this.#driver.now()));
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

  #login(request: LoginRequest): Promise<LoginResult> {
    const { maxSendBytes } = this.#parts.settings;
    const identity = checkIdentity(request, maxSendBytes);
    this.#requireIdle();
    this.#driver.tokenSource = checkedTokens(request.token, identity, maxSendBytes);
    const result = this.#driver.logins.login();
    this.#driver.run(this.#driver.session.login(identity, this.#driver.now()));
    return result;
  }

  #send(request: SendRequest): Sending {
    const { settings, random, clock } = this.#parts;
    const { session, sends } = this.#driver;
    const message = composeMessage(request, this.userId, this.#driver.nextTicket(), random, clock.wallTime());
    const { ticket, packet } = message;
    if (packet.fp !== undefined && session.isPending(packet.fp)) {
      throw new UsageError(
        'ERR_FINGERPRINT_IN_USE',
        `a message with the fingerprint ${packet.fp} is pending`,
      );
    }
    const abort = (): void => this.#driver.run(session.abort(ticket));
    const isKept = settings.hasOutbox && packet.QoS;
    const sending = sends.add(ticket, packet.fp, isKept, request.signal, abort);
    const error =
      request.signal?.aborted === true
        ? new DeliveryError('ERR_ABORTED', 'the signal had fired before')
        : this.#driver.rejection;
    this.#driver.run(
      error === undefined
        ? session.send(message, request.whenOffline ?? settings.whenOffline, this.#driver.now())
        : [{ kind: 'undelivered', ticket, fingerprint: packet.fp, error }],
    );
    return sending;
  }

  #requireIdle(): void {
    if (this.state === 'closed') {
      throw new UsageError('ERR_CLIENT_CLOSED', 'this client was closed for good, create another one');
    }
    if (this.state !== 'idle') {
      throw new UsageError('ERR_ALREADY_LOGGED_IN', `${this.userId} is logged in already, log out first`);
    }
  }

  #reportListenerError(thrown: unknown, name: keyof ClientEvents): void {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (name !== 'error') this.#driver.reportError(error);
    else {
      const text = `a listener of the event error threw: ${error.message}`;
      this.#parts.logger.error({ error: error.name }, text);
    }
  }
}
