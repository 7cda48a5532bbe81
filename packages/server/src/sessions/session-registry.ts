import type {
  AcceptedSocket,
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  SocketAdmission,
  TransportCount,
  TransportHost,
} from '../ports/transport.js';
import type { TrustedProxies } from '../proxies/trusted-proxies.js';
import type { Runtime } from '../runtime.js';
import type { Admission } from './admission.js';
import { type SessionContext, SessionHost, type TransportContext } from './session-host.js';

/** The context of sessions without the parts that the registry adds. */
type RegistryContext = Omit<SessionContext, 'nextSessionId' | 'onGone'>;

/** All open sessions: accepts connections from all transports, within the limits of {@link Admission}. */
export class SessionRegistry implements TransportHost {
  readonly #runtime: Runtime;
  readonly #admission: Admission;
  readonly #proxies: TrustedProxies;
  readonly #context: SessionContext;
  readonly #hosts = new Set<SessionHost>();
  readonly #transports = new Map<ServerTransport, TransportContext>();
  #isAccepting = true;
  #lastSessionId = 0;

  constructor(context: RegistryContext, admission: Admission, proxies: TrustedProxies) {
    this.#proxies = proxies;
    this.#runtime = context.runtime;
    this.#admission = admission;
    this.#context = {
      ...context,
      nextSessionId: () => {
        this.#lastSessionId += 1;
        return this.#lastSessionId;
      },
      onGone: (host) => this.#gone(host),
    };
  }

  admit(socket: AcceptedSocket): SocketAdmission | RejectionReason {
    // Also while closing: a socket of a shared HTTP server belongs to the application until it becomes a session.
    return this.#admission.admit(socket);
  }

  accept(
    connection: Connection,
    transport: ServerTransport,
    admission?: SocketAdmission,
  ): ConnectionHandler | RejectionReason {
    if (!this.#isAccepting) return 'closing';
    const rejection = admission === undefined ? this.#admission.enter(connection.remoteAddress) : undefined;
    if (rejection !== undefined) return rejection;
    const context = this.#contextOf(transport);
    const host = new SessionHost(connection, this.#context, context, admission);
    admission?.becomeSession(host);
    this.#hosts.add(host);
    context.metrics.sessionsAccepted += 1;
    context.metrics.sessionsOpen += 1;
    return host;
  }

  isTrustedProxy(address: string): boolean {
    // A peer without an address, as on a Unix socket, is a process of this machine that may open the socket.
    return address === '' || this.#proxies.includes(address);
  }

  proxyHeaderRejected(transport: string, remoteAddress: string, reason: string): void {
    const { metrics, events } = this.#runtime;
    metrics.proxyHeadersRejected += 1;
    metrics.violations += 1;
    const code = 'ERR_PROXY_HEADER';
    events.emit('violation', { code, reason, transport, remoteAddress, userId: undefined });
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
    this.#admission.leave(host.connection.remoteAddress);
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
