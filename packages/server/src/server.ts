import { KickOutCode, type Unsubscribe } from '@imcore/protocol';
import { ClusterView } from './cluster/cluster-view.js';
import type { ServerCluster } from './cluster/server-cluster.js';
import type { Dispatcher } from './delivery/dispatcher.js';
import type { ServerMessages } from './delivery/server-messages.js';
import { asError, UsageError } from './errors.js';
import type { ServerEvents } from './events.js';
import type { Devices } from './feeds/devices.js';
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
import {
  type ConversationOptions,
  type ConversationSummary,
  type HistoryOptions,
  listConversations,
  readHistory,
} from './storage/history.js';
import type { StoreRoute } from './storage/store-route.js';
import { admitHttpSockets, type HttpServer } from './transports/http-sockets.js';
import type { Outlet } from './users/outlet.js';
import type { UserRegistry } from './users/user-registry.js';

/** The parts that `createServer` creates. */
interface ServerParts {
  readonly transports: readonly ServerTransport[];
  readonly routes: readonly Route[];
  readonly users: UserRegistry;
  readonly dispatcher: Dispatcher;
  readonly sessions: SessionRegistry;
  readonly messages: ServerMessages;
  readonly store: MessageStore | undefined;
  readonly storeRoute: StoreRoute | undefined;
  readonly cluster: ServerCluster | undefined;
  /** Undefined without a store. */
  readonly devices: Devices | undefined;
}

/** Options of `close`. */
export interface CloseOptions {
  /** How long to wait for acknowledgements of messages in flight, in milliseconds. Default 1000. */
  readonly drainMs?: number | undefined;
}

/** Options of `kick`. */
export interface KickOptions {
  /** Only this session: {@link SessionInfo.sessionId}. Default: all sessions of the user. */
  readonly sessionId?: number | undefined;
  /** The kick-out code: 1 duplicate login, 2 administrator; others are for the application. Default 2. */
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
  readonly #parts: ServerParts;
  readonly #deadLetters: DeadLetters;
  readonly #expiry: Expiry | undefined;
  /** Other servers that serve the same users; undefined without the option `cluster`. */
  readonly cluster: ClusterView | undefined;
  #state: 'new' | 'listening' | 'closing' | 'closed' = 'new';
  #closing: Promise<void> | undefined = undefined;

  constructor(runtime: Runtime, parts: ServerParts) {
    const { store, storeRoute, cluster } = parts;
    this.#runtime = runtime;
    this.#parts = parts;
    const onAppended = cluster && ((userId: string) => cluster.appended(userId));
    this.#deadLetters = new StoredDeadLetters(runtime, store, storeRoute, onAppended);
    this.#expiry = store && new Expiry(runtime, store);
    this.cluster = cluster && new ClusterView(cluster);
  }

  /** Number of users that are online here. */
  get onlineCount(): number {
    return this.#runtime.metrics.usersOnline;
  }

  /**
   * Starts all transports. Resolves with their addresses, in the order of the option. If one fails, the others are closed
   * again and the promise rejects.
   *
   * @throws UsageError `ERR_ALREADY_LISTENING` on a second call, `ERR_NOT_LISTENING` if the server was closed before its cluster
   *   has started.
   */
  async listen(): Promise<readonly TransportAddress[]> {
    if (this.#state !== 'new')
      throw new UsageError('ERR_ALREADY_LISTENING', `listen() was called on a server that is ${this.#state}`);
    this.#state = 'listening';
    const { transports, routes, sessions, messages, store, cluster } = this.#parts;
    messages.open();
    try {
      await cluster?.start();
      this.#requireListening();
      const addresses: TransportAddress[] = [];
      for (const transport of transports) addresses.push(await transport.listen(sessions));
      for (const route of routes) await route.start?.();
      this.#expiry?.start();
      if (store !== undefined) void this.#warnOf(store);
      return addresses;
    } catch (error) {
      await this.close({ drainMs: 0 });
      throw error;
    }
  }

  /**
   * Sends a message to a user.
   *
   * Resolves when the server is no longer responsible for it, or has stored it: see {@link SendOutcome}.
   *
   * @throws UsageError `ERR_INVALID_ARGUMENT`, `ERR_NOT_LISTENING`
   * @throws DeliveryError `ERR_UNDELIVERABLE` if the user is not online and there is no store, `ERR_NOT_ACKNOWLEDGED` after
   *   the last retry, `ERR_TOO_LARGE`, `ERR_SERVER_BUSY` if too many bytes are under way, `ERR_SERVER_CLOSED`.
   */
  send(userId: string, content: string, options?: SendOptions): Promise<SendOutcome> {
    return this.#parts.messages.send(userId, content, options);
  }

  /** Kicks out all sessions of a user, or one. Returns the number of sessions that were ended. */
  kick(userId: string, options: KickOptions = {}): number {
    const { sessionId, code = KickOutCode.Administrator, reason } = options;
    const sessions = this.#sessionsOf(userId).filter(
      ({ info }) => sessionId === undefined || info.sessionId === sessionId,
    );
    for (const session of sessions) session.kick(code, reason);
    return sessions.length;
  }

  /** Whether a user has a session: here or, in a cluster, at any node. */
  isOnline(userId: string): boolean {
    return this.#parts.users.find(userId)?.isOnline === true || this.cluster?.isOnline(userId) === true;
  }

  /**
   * Returns a copy of the open sessions of a user, or of all users, in no particular order. For the number of users, use
   * {@link onlineCount}.
   */
  sessions(userId?: string): SessionInfo[] {
    const sessions = userId === undefined ? [...this.#parts.users.sessions()] : this.#sessionsOf(userId);
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

  /** Messages that were acknowledged and given up: they waited too long, or were displaced. */
  get deadLetters(): DeadLetters {
    return this.#deadLetters;
  }

  /**
   * The devices of users, and how to remove one.
   *
   * @throws UsageError `ERR_NO_STORE`
   */
  get devices(): Pick<Devices, 'list' | 'remove'> {
    const { devices } = this.#parts;
    if (devices === undefined)
      throw new UsageError('ERR_NO_STORE', 'devices was used on a server without a store');
    return devices;
  }

  /**
   * Returns the messages between two users, newest first: those that wait, and received ones while the store keeps them.
   *
   * @throws UsageError `ERR_NO_STORE`, `ERR_NO_HISTORY` if the store has no `historyMs`, `ERR_INVALID_ARGUMENT`
   */
  history(options: HistoryOptions): Promise<readonly KeptMessage[]> {
    return readHistory(this.#parts.store, options);
  }

  /**
   * Returns the conversations of a user, the one with the newest message first, with its newest message.
   *
   * @throws UsageError `ERR_NO_STORE`, `ERR_NO_HISTORY` if the store has no `historyMs`, `ERR_INVALID_ARGUMENT`
   */
  conversations(options: ConversationOptions): Promise<readonly ConversationSummary[]> {
    return listConversations(this.#parts.store, options);
  }

  /**
   * Counts the sockets of another HTTP server of this process like those of the server's own transports: for the limits, from now
   * on, until each is closed. A socket beyond a limit is closed before TLS and HTTP read a byte, and one without a complete
   * request after `loginTimeoutMs`. From the first request on the time-outs of the HTTP server apply. The HTTP server of
   * `websocket({ server })` is counted without this. Returns a function that ends it.
   */
  countSockets(server: HttpServer): Unsubscribe {
    const sockets = admitHttpSockets(server, this.#parts.sessions, { untilRequest: true });
    return () => sockets.stop();
  }

  /** Returns the value of every metric by name; those of the transports are added up. `SERVER_METRICS` defines each. */
  metrics(): Readonly<Record<string, number>> {
    return this.#runtime.metrics.snapshot();
  }

  /** Returns the value of every metric, for a metrics page; those of a transport have its name as a label. */
  metricSamples(): readonly MetricSample[] {
    return this.#runtime.metrics.samples();
  }

  /**
   * Stops the server: rejects new connections and messages, waits for pending acknowledgements, stores or reports the
   * remaining messages, and ends every connection. A second call returns the same promise.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.drainMs ?? 1000);
    return this.#closing;
  }

  async #close(drainMs: number): Promise<void> {
    this.#state = 'closing';
    const { transports, routes, sessions, dispatcher, messages, store, storeRoute, cluster, devices } =
      this.#parts;
    messages.close();
    cluster?.stopDraining();
    for (const route of routes) route.stopAccepting?.();
    for (const transport of transports) transport.stopAccepting();
    await this.#drain(drainMs);
    storeRoute?.secure();
    for (const route of routes) route.secure?.();
    await storeRoute?.writer.idle();
    sessions.endAll();
    await storeRoute?.settled();
    await Promise.all(transports.map((transport) => this.#closePart(transport)));
    for (const route of routes) await this.#closePart(route);
    dispatcher.stop();
    await storeRoute?.settled();
    await this.#closePart(cluster);
    await this.#expiry?.stop();
    devices?.close();
    await this.#closePart(store);
    this.#runtime.timers.close();
    this.#state = 'closed';
  }

  /** Logs what an operator must know of the store: nobody notices a read-only database before the first message to an offline user. */
  async #warnOf(store: MessageStore): Promise<void> {
    const { logger } = this.#runtime;
    if (!store.durable) logger.warn({}, 'messages are kept in memory only');
    const { ok, problem } = await store.health();
    if (this.#state !== 'listening') return;
    if (!ok) logger.warn({ problem }, 'the store cannot store messages now');
    else if (problem !== undefined) logger.warn({ problem }, 'the store has a problem');
  }

  /** `close()` may be called while the cluster starts: its store may take seconds to answer. */
  #requireListening(): void {
    if (this.#state !== 'listening')
      throw new UsageError('ERR_NOT_LISTENING', `the server is ${this.#state}: close() was called meanwhile`);
  }

  /** Closes a part. An error is reported, so that the other parts are closed as well. */
  async #closePart(part: { close?(): Promise<void> } | undefined): Promise<void> {
    try {
      await part?.close?.();
    } catch (error) {
      this.#runtime.events.emit('error', asError(error));
    }
  }

  /** Resolves when no message waits for an acknowledgement, after `drainMs` at the latest. */
  async #drain(drainMs: number): Promise<void> {
    const { clock, metrics } = this.#runtime;
    const { sessions, routes } = this.#parts;
    const until = clock.now() + drainMs;
    sessions.stopAccepting();
    const pending = (): number => routes.reduce((sum, route) => sum + (route.pending ?? 0), 0);
    while (metrics.messagesInFlight + pending() > 0 && clock.now() < until) {
      await new Promise<void>((resolve) => clock.schedule(Math.min(until, clock.now() + 10), resolve));
    }
  }

  #sessionsOf(userId: string): readonly Outlet[] {
    const devices = this.#parts.users.find(userId)?.onlineDevices() ?? [];
    return devices.flatMap(({ session }) => (session === undefined ? [] : [session]));
  }
}
