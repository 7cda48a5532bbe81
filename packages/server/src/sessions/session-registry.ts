import type {
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  TransportCount,
  TransportHost,
} from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { AddressTable } from './address-table.js';
import { type SessionContext, SessionHost, type TransportContext } from './session-host.js';

/** The context of sessions without the parts that the registry adds. */
type RegistryContext = Omit<SessionContext, 'nextSessionId' | 'onGone'>;

/** All open sessions: accepts connections from all transports, within the limits, and counts them. */
export class SessionRegistry implements TransportHost {
  readonly #runtime: Runtime;
  readonly #addresses: AddressTable;
  readonly #context: SessionContext;
  readonly #hosts = new Set<SessionHost>();
  readonly #transports = new Map<ServerTransport, TransportContext>();
  #isAccepting = true;
  #lastSessionId = 0;

  constructor(context: RegistryContext, addresses: AddressTable) {
    this.#runtime = context.runtime;
    this.#addresses = addresses;
    this.#context = {
      ...context,
      nextSessionId: () => {
        this.#lastSessionId += 1;
        return this.#lastSessionId;
      },
      onGone: (host) => this.#gone(host),
    };
  }

  accept(connection: Connection, transport: ServerTransport): ConnectionHandler | RejectionReason {
    const { metrics, limits, clock } = this.#runtime;
    if (!this.#isAccepting) return 'closing';
    if (this.#hosts.size >= limits.maxSessions) {
      metrics.limitSessions += 1;
      return this.#reject('maxSessions', connection, 'sessions');
    }
    if (!this.#addresses.enter(connection.remoteAddress, clock.now())) {
      metrics.limitSessionsPerAddress += 1;
      return this.#reject('maxSessionsPerAddress', connection, 'sessions-per-address');
    }
    const context = this.#contextOf(transport);
    const host = new SessionHost(connection, this.#context, context);
    this.#hosts.add(host);
    context.metrics.sessionsAccepted += 1;
    context.metrics.sessionsOpen += 1;
    return host;
  }

  count(name: TransportCount): void {
    this.#runtime.metrics[name] += 1;
  }

  failed(error: Error): void {
    this.#runtime.events.emit('error', error);
  }

  /** From now on new connections, logins and messages are rejected; acknowledgements are still handled. */
  stopAccepting(): void {
    this.#isAccepting = false;
    for (const host of this.#hosts) host.stopAcceptingWork();
  }

  endAll(): void {
    for (const host of [...this.#hosts]) host.end();
  }

  #gone(host: SessionHost): void {
    this.#hosts.delete(host);
    host.transport.metrics.sessionsOpen -= 1;
    this.#addresses.leave(host.connection.remoteAddress, this.#runtime.clock.now());
  }

  #reject(
    limit: 'maxSessions' | 'maxSessionsPerAddress',
    { remoteAddress }: Connection,
    reason: RejectionReason,
  ): RejectionReason {
    const { metrics, events, limits } = this.#runtime;
    metrics.sessionsRejected += 1;
    events.emit('limited', { limit, value: limits[limit], remoteAddress, userId: undefined });
    return reason;
  }

  #contextOf(transport: ServerTransport): TransportContext {
    let context = this.#transports.get(transport);
    if (context === undefined) {
      const { timers, metrics } = this.#runtime;
      context = {
        readDeadlines: timers.ring<SessionHost>(transport.readTimeoutMs, (host) => host.timedOut()),
        metrics: metrics.ofTransport(transport.transport),
      };
      this.#transports.set(transport, context);
    }
    return context;
  }
}
