import { KickOutCode, type Unsubscribe } from '@imcore/protocol';
import type { Dispatcher } from './delivery/dispatcher.js';
import type { ServerMessages } from './delivery/server-messages.js';
import { asError, UsageError } from './errors.js';
import type { ServerEvents } from './events.js';
import type { SendOptions, SendOutcome, SessionInfo } from './hooks.js';
import type { KeptMessage } from './message.js';
import type { MetricSample } from './metrics.js';
import type { MessageStore } from './ports/message-store.js';
import type { Route } from './ports/route.js';
import type { ServerTransport, TransportAddress } from './ports/transport.js';
import type { Runtime } from './runtime.js';
import type { SessionRegistry } from './sessions/session-registry.js';
import { type DeadLetters, StoredDeadLetters } from './storage/dead-letters.js';
import { Expiry } from './storage/expiry.js';
import { type HistoryOptions, readHistory } from './storage/history.js';
import type { StoreRoute } from './storage/store-route.js';
import type { Outlet } from './users/outlet.js';
import type { UserRegistry } from './users/user-registry.js';

/** What `createServer` puts together. */
interface ServerRooms {
  readonly transports: readonly ServerTransport[];
  readonly routes: readonly Route[];
  readonly users: UserRegistry;
  readonly dispatcher: Dispatcher;
  readonly sessions: SessionRegistry;
  readonly messages: ServerMessages;
  readonly store: MessageStore | undefined;
  readonly storing: StoreRoute | undefined;
}

/** How `close` ends. */
export interface CloseOptions {
  /** How long messages that are with their receivers may still be acknowledged, in milliseconds. Default 1000. */
  readonly drainMs?: number | undefined;
}

/** Which sessions of a user are kicked out, and how. */
export interface KickOptions {
  /** Only this session: {@link SessionInfo.sessionId}. Default: all sessions of the user. */
  readonly sessionId?: number | undefined;
  /** What the client is told: 1 duplicate login, 2 an administrator, others as client and application agree. Default 2. */
  readonly code?: number | undefined;
  /** Text for the client. Default none. */
  readonly reason?: string | undefined;
}

/**
 * An instant-messaging server: users log in over its transports and exchange messages with each other and with it.
 *
 * Made by `createServer`. Any number of servers can run in one process.
 */
export class ImServer {
  readonly #runtime: Runtime;
  readonly #rooms: ServerRooms;
  readonly #deadLetters: DeadLetters;
  readonly #expiry: Expiry | undefined;
  #state: 'new' | 'listening' | 'closing' | 'closed' = 'new';
  #closing: Promise<void> | undefined = undefined;

  constructor(runtime: Runtime, rooms: ServerRooms) {
    const { store, storing } = rooms;
    this.#runtime = runtime;
    this.#rooms = rooms;
    this.#deadLetters = new StoredDeadLetters(runtime, store, storing);
    this.#expiry = store && new Expiry(runtime, store);
  }

  /** Number of users that are online here. */
  get onlineCount(): number {
    return this.#runtime.metrics.usersOnline;
  }

  /**
   * Opens all transports. Resolves with where they listen, in the order of the option; when one cannot, the others are
   * closed again.
   *
   * @throws UsageError `ERR_ALREADY_LISTENING` on a second call.
   */
  async listen(): Promise<readonly TransportAddress[]> {
    if (this.#state !== 'new')
      throw new UsageError('ERR_ALREADY_LISTENING', `listen() was called on a server that is ${this.#state}`);
    this.#state = 'listening';
    const { transports, routes, sessions, messages, store } = this.#rooms;
    messages.open();
    try {
      const addresses: TransportAddress[] = [];
      for (const transport of transports) addresses.push(await transport.listen(sessions));
      for (const route of routes) await route.start?.();
      this.#expiry?.start();
      if (store?.durable === false) this.#runtime.logger.warn({}, 'messages are kept in memory only');
      return addresses;
    } catch (error) {
      await this.close({ drainMs: 0 });
      throw error;
    }
  }

  /**
   * Sends a message to a user.
   *
   * Resolves when somebody else is responsible for it: see {@link SendOutcome}.
   *
   * @throws UsageError `ERR_INVALID_ARGUMENT`, `ERR_NOT_LISTENING`
   * @throws DeliveryError `ERR_UNDELIVERABLE` when the user is not online and there is no store, `ERR_NOT_ACKNOWLEDGED`
   *   after the last copy, `ERR_TOO_LARGE`, `ERR_SERVER_CLOSED`.
   */
  send(userId: string, content: string, options?: SendOptions): Promise<SendOutcome> {
    return this.#rooms.messages.send(userId, content, options);
  }

  /** Ends sessions of a user with a kick-out: all, or the one that is named. Returns how many were ended. */
  kick(userId: string, options: KickOptions = {}): number {
    const { sessionId, code = KickOutCode.Administrator, reason } = options;
    const sessions = this.#sessionsOf(userId).filter(
      ({ info }) => sessionId === undefined || info.sessionId === sessionId,
    );
    for (const session of sessions) session.kick(code, reason);
    return sessions.length;
  }

  isOnline(userId: string): boolean {
    return this.#rooms.users.find(userId)?.isOnline === true;
  }

  /**
   * The open sessions of a user, or of everybody, in no particular order. A copy: for the number of users, prefer
   * {@link onlineCount}.
   */
  sessions(userId?: string): SessionInfo[] {
    const sessions = userId === undefined ? [...this.#rooms.users.sessions()] : this.#sessionsOf(userId);
    return sessions.map(({ info }) => info);
  }

  on<Name extends keyof ServerEvents>(
    name: Name,
    listener: (event: ServerEvents[Name]) => void,
  ): Unsubscribe {
    return this.#runtime.events.on(name, listener);
  }

  off<Name extends keyof ServerEvents>(name: Name, listener: (event: ServerEvents[Name]) => void): void {
    this.#runtime.events.off(name, listener);
  }

  /** Messages that were acknowledged and given up: those that waited too long, or had to make room. */
  get deadLetters(): DeadLetters {
    return this.#deadLetters;
  }

  /**
   * What two users wrote to each other, newest first: what has been received, while the store keeps it, and what waits.
   *
   * @throws UsageError `ERR_NO_STORE`, `ERR_NO_HISTORY` where the store has no `historyMs`, `ERR_INVALID_ARGUMENT`
   */
  history(options: HistoryOptions): Promise<readonly KeptMessage[]> {
    return readHistory(this.#rooms.store, options);
  }

  /** The value of every metric by name, those of all transports added up. `SERVER_METRICS` says what each is. */
  metrics(): Readonly<Record<string, number>> {
    return this.#runtime.metrics.snapshot();
  }

  /** The value of every metric, those that are counted for each transport with its name: for a metrics page. */
  metricSamples(): readonly MetricSample[] {
    return this.#runtime.metrics.samples();
  }

  /**
   * Stops: takes no new peers and messages, waits for acknowledgements that are due, hands what is left to the
   * store or reports it, and ends every connection. A second call waits for the end of the first.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 1000);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#state = 'closing';
    const { transports, routes, sessions, dispatcher, messages, store, storing } = this.#rooms;
    messages.close();
    for (const route of routes) route.stopAccepting?.();
    for (const transport of transports) transport.stopAccepting();
    await this.#drain(drainMs);
    storing?.secure();
    for (const route of routes) route.secure?.();
    await storing?.writer.idle();
    sessions.endAll();
    await storing?.settled();
    await Promise.all(transports.map((transport) => this.#closePart(transport)));
    for (const route of routes) await this.#closePart(route);
    dispatcher.stop();
    await storing?.settled();
    await this.#expiry?.stop();
    await this.#closePart(store);
    this.#runtime.timers.close();
    this.#state = 'closed';
  }

  /** A part that cannot be closed does not keep the others open. */
  async #closePart(part: { close?(): Promise<void> } | undefined): Promise<void> {
    try {
      await part?.close?.();
    } catch (error) {
      this.#runtime.events.emit('error', asError(error));
    }
  }

  /** Resolves when nothing waits for an acknowledgement any more, after `drainMs` at the latest. */
  async #drain(drainMs: number): Promise<void> {
    const { clock, metrics } = this.#runtime;
    const { sessions, routes } = this.#rooms;
    const until = clock.now() + drainMs;
    sessions.stopTaking();
    const pending = (): number => routes.reduce((sum, route) => sum + (route.pending ?? 0), 0);
    while (metrics.messagesInFlight + pending() > 0 && clock.now() < until) {
      await new Promise<void>((resolve) => clock.schedule(Math.min(until, clock.now() + 10), resolve));
    }
  }

  #sessionsOf(userId: string): readonly Outlet[] {
    const devices = this.#rooms.users.find(userId)?.onlineDevices() ?? [];
    return devices.flatMap(({ session }) => (session === undefined ? [] : [session]));
  }
}
