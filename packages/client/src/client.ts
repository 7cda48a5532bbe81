import { Emitter, type Unsubscribe } from '@imcore/protocol';
import { checkedTokens, checkIdentity, checkUserId, composeMessage, type LoginRequest } from './compose.js';
import { asError, type ClientParts, Driver } from './driver.js';
import { DeliveryError, UsageError } from './errors.js';
import type { ClientEvents } from './events.js';
import type { Level } from './level.js';
import type { LinkQuality } from './link-quality.js';
import type {
  ConversationPage,
  ConversationsRequest,
  DeviceInfo,
  HistoryPage,
  HistoryRequest,
  LogRequest,
  RequestResult,
} from './log-request.js';
import type { Message, Sending, SendRequest } from './message.js';
import type { LoginResult } from './pending-logins.js';
import { PendingSends } from './pending-sends.js';
import type { ClientState } from './state.js';

/**
 * A client for one user: logs in, reconnects after a lost link, sends and receives messages.
 *
 * Created by `createClient`.
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

  /** The current state; see {@link ClientState}. */
  get state(): ClientState {
    return this.#driver.session.state;
  }

  /** The user id of the current or last login; empty before the first login. */
  get userId(): string {
    return this.#driver.session.userId;
  }

  /** Round-trip time of the last keep-alive, in milliseconds; undefined before the first response. */
  get roundTripMs(): number | undefined {
    return this.#driver.session.quality.roundTripMs;
  }

  /** Measurements of the connection: round-trip times and the offset of the server's clock. */
  get quality(): LinkQuality {
    const { clock } = this.#parts;
    return this.#driver.session.quality.at(clock.now(), clock.wallTime());
  }

  /**
   * What was agreed on with the server at the last login: 1, devices, positions and requests; or `'v6'`, the protocol of
   * MobileIMSDK: before the first login, without an outbox that can keep a device, and with a server without a store.
   */
  get level(): Level {
    return this.#driver.session.level;
  }

  /** Number of messages that wait for a link or an acknowledgement. */
  get pendingMessages(): number {
    return this.#driver.session.pendingMessages;
  }

  /**
   * Logs in and stays logged in until `logout`, `close`, a kick-out or a final rejection. After a lost link the client
   * logs in again, unless `autoReconnect` is false.
   *
   * Resolves when the server has accepted the login. If the server cannot be reached, the client retries until
   * `connectTimeoutMs` (default 30 000 ms) has passed; with `autoReconnect: false` it tries once. If `token` is a
   * function, it is called before each login. The user's durable outbox, if any, is opened first.
   *
   * @throws LoginError `ERR_LOGIN_REJECTED` (with `serverCode`), `ERR_CANNOT_CONNECT` (with `cause`), `ERR_KICKED`,
   *   `ERR_LOGIN_ABORTED` if `logout` or `close` is called before the response. The client is `idle` after each.
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
   * Opens a user's durable outbox without a login. From then on `send` accepts messages of this user and stores them
   * until the login. Resolves when the stored messages are loaded (see the event `restored`), or when `logout` or
   * `close` is called. `login` opens the outbox itself.
   *
   * @throws UsageError `ERR_INVALID_OPTION` without the option `outbox`, `ERR_ALREADY_LOGGED_IN`,
   *   `ERR_CLIENT_CLOSED`, `ERR_INVALID_ARGUMENT`
   */
  async openOutbox(userId: string): Promise<void> {
    checkUserId(userId);
    this.#requireIdle();
    if (!this.#parts.settings.hasOutbox) {
      throw new UsageError('ERR_INVALID_OPTION', 'openOutbox requires the option "outbox"');
    }
    this.#driver.run(this.#driver.session.open(userId));
    if (!this.#driver.session.isOutboxOpen) await this.#driver.logins.opening();
  }

  /**
   * Logs out: the client is `idle`, and pending `login` and `send` promises are rejected. Messages in a durable outbox
   * stay there. Resolves when the outbox is closed.
   */
  async logout(): Promise<void> {
    this.#driver.run(this.#driver.session.logout('logout'));
    await this.#driver.outbox?.closed;
  }

  /** Logs out and closes the client permanently: it cannot log in again. Resolves when the outbox is closed. */
  async close(): Promise<void> {
    this.#driver.run(this.#driver.session.logout('close'));
    await this.#driver.outbox?.closed;
  }

  /**
   * Sends a message and waits for its acknowledgement.
   *
   * Resolves when the receiver has received the message or the server has stored it, not when a person has read it.
   * With `qos: false` it resolves when the message is written. Messages are written in the order of the calls. After a
   * lost link, unacknowledged messages are written to the next link before newer ones, with all retries again, until
   * `sendTimeoutMs` (default 30 000 ms, with a durable outbox 7 days) has passed since the call.
   *
   * With a durable outbox, a message survives a restart of the program once `accepted` resolves. The events `delivered`
   * and `undelivered` report its outcome. Messages without QoS are not stored.
   *
   * @throws DeliveryError `ERR_NOT_ACKNOWLEDGED` after the last retry, `ERR_NOT_SENT` if there was no link within
   *   `sendTimeoutMs`, `ERR_TOO_LARGE`, `ERR_OFFLINE`, `ERR_QUEUE_FULL`, `ERR_ABORTED`, `ERR_CLOSED`, `ERR_POSTPONED`
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
   * Reads messages one at a time: `for await (const message of client.messages())`. Ends with `break`, `return()` or
   * `close`, not with a logout. With several readers, each of them gets every message.
   *
   * A message is acknowledged when the next one is asked for. A loop that breaks cannot be distinguished from one that
   * throws, so the last message is not acknowledged then: call `message.acknowledge()` before `break`.
   *
   * At most `maxUnhandledMessages` (default 256) wait to be handled; further messages with QoS are not acknowledged and
   * further messages without QoS are dropped. An imcore server with a store keeps unacknowledged messages and sends them
   * again; an original server retransmits once and then reports the message as lost. Messages that the last reader
   * leaves unread are not acknowledged, unless a listener of `message` has handled them.
   */
  messages(): AsyncIterableIterator<Message, undefined> {
    return this.#driver.streams.open();
  }

  /**
   * Reads the history of a conversation, the newest messages first. Only at level 1, and not over UDP.
   *
   * While the client is not online, the request waits for the next link, `requestTimeoutMs` (default 15 000 ms) at most.
   *
   * @throws RequestError `ERR_NOT_NEGOTIATED`, `ERR_NO_HISTORY` if the server keeps none, `ERR_USE_A_STREAM` over UDP,
   *   `ERR_NOT_ANSWERED`, `ERR_CLOSED`, `ERR_STORE_FAILED`, `ERR_TOO_MANY_REQUESTS`, `ERR_INVALID_REQUEST`
   */
  history(request: HistoryRequest): Promise<HistoryPage> {
    return this.#request({ ...request, operation: 'history' });
  }

  /**
   * Reads the user's conversations, the one with the newest message first. Only at level 1, and not over UDP.
   *
   * @throws RequestError as {@link history}
   */
  conversations(request: ConversationsRequest = {}): Promise<ConversationPage> {
    return this.#request({ ...request, operation: 'conversations' });
  }

  /** Reads the user's devices. Only at level 1. @throws RequestError as {@link history} */
  devices(): Promise<readonly DeviceInfo[]> {
    return this.#request({ operation: 'devices' });
  }

  /**
   * Ends the sessions of one of the user's devices, and lets the server forget it. If its program logs in again, it is a new
   * device. Resolves with whether it was there. Only at level 1.
   *
   * @throws RequestError as {@link history}
   */
  removeDevice(id: string): Promise<boolean> {
    return this.#request({ operation: 'removeDevice', id });
  }

  /**
   * Call this when the network may be back. While `waiting`, the client connects at once; while `online`, it sends a
   * keep-alive to check the link, and reconnects at once if the link is lost. Called automatically on the signals of the
   * platform (option `signals`).
   */
  retryNow(): void {
    this.#driver.run(this.#driver.session.retryNow(this.#driver.now()));
  }

  /**
   * Adds a listener. Returns a function that removes it.
   *
   * A listener of `message` can return a promise: the message is acknowledged when it resolves. If the listener throws
   * or the promise rejects, the event `error` reports it, and the listeners get the message again when its next copy
   * arrives. Listeners are called in the order of arrival and do not wait for each other; `messages()` does.
   */
  on<Name extends keyof ClientEvents>(
    name: Name,
    listener: (event: ClientEvents[Name]) => unknown,
  ): Unsubscribe {
    return this.#emitter.on(name, listener);
  }

  /** Removes a listener. */
  off<Name extends keyof ClientEvents>(name: Name, listener: (event: ClientEvents[Name]) => unknown): void {
    this.#emitter.off(name, listener);
  }

  #request<Result extends RequestResult>(request: LogRequest): Promise<Result> {
    const driver = this.#driver;
    const ticket = driver.nextTicket();
    const result = driver.requests.add<Result>(ticket);
    driver.run(driver.session.request(ticket, request, driver.now()));
    return result;
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
        `a message with the fingerprint ${packet.fp} is already pending`,
      );
    }
    const abort = (): void => this.#driver.run(session.abort(ticket, this.#driver.now()));
    const isKept = settings.hasOutbox && packet.QoS;
    const sending = sends.add(ticket, packet.fp, isKept, request.signal, abort);
    const error =
      request.signal?.aborted === true
        ? new DeliveryError('ERR_ABORTED', 'the signal was already aborted')
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
      throw new UsageError('ERR_CLIENT_CLOSED', 'the client is closed, create a new one');
    }
    if (this.state !== 'idle') {
      throw new UsageError('ERR_ALREADY_LOGGED_IN', `${this.userId} is already logged in, log out first`);
    }
  }

  #reportListenerError(thrown: unknown, name: keyof ClientEvents): void {
    if (name !== 'error') this.#driver.reportError(thrown);
    else {
      const error = asError(thrown);
      const text = `a listener of the event "error" threw: ${error.message}`;
      this.#parts.logger.error({ error: error.name }, text);
    }
  }
}
