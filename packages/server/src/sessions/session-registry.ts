import type { Instant } from '@imcore/protocol';
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
import { AddressTable } from './address-table.js';
import type { Admission } from './admission.js';
import {
  type SessionContext,
  SessionHost,
  type SessionOwner,
  type TransportContext,
} from './session-host.js';
import { UnprovenSessions } from './unproven-sessions.js';

/** The context of sessions without the part that the registry adds. */
type RegistryContext = Omit<SessionContext, 'owner'>;

/**
 * All open sessions: accepts connections from all transports, within the limits of {@link Admission}.
 *
 * Sessions whose addresses may be forged have a table and limits of their own until they prove them, so that nobody can use up
 * the limits of an address, or of all, with forged datagrams.
 */
export class SessionRegistry implements TransportHost, SessionOwner {
  readonly #runtime: Runtime;
  readonly #admission: Admission;
  readonly #proxies: TrustedProxies;
  readonly #context: SessionContext;
  readonly #hosts = new Set<SessionHost>();
  readonly #unproven: UnprovenSessions<SessionHost>;
  /** The logins of unproven addresses. */
  readonly #unprovenLogins: AddressTable;
  readonly #transports = new Map<ServerTransport, TransportContext>();
  /** `known`: only users that have a session. */
  #accepts: 'all' | 'known' | 'none' = 'all';

  constructor(context: RegistryContext, admission: Admission, proxies: TrustedProxies) {
    this.#proxies = proxies;
    this.#runtime = context.runtime;
    this.#admission = admission;
    this.#context = { ...context, owner: this };
    const { limits } = context.runtime;
    const isExempt = (address: string): boolean => proxies.includes(address);
    this.#unproven = new UnprovenSessions(limits.maxUnprovenAddresses, isExempt);
    const maxSessionsPerAddress = Number.POSITIVE_INFINITY;
    this.#unprovenLogins = new AddressTable({ ...limits, maxSessionsPerAddress, isExempt });
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
    const isStranger = connection.addressProof !== undefined;
    // A stranger that does not log in is told that it has no session.
    if (this.#accepts === 'none' || (this.#accepts === 'known' && !isStranger)) return 'closing';
    const mustEnter = !isStranger && admission === undefined;
    const rejection = mustEnter ? this.#admission.enter(connection.remoteAddress) : undefined;
    if (rejection !== undefined) return rejection;
    const host = new SessionHost(connection, this.#contextOf(transport), admission);
    admission?.becomeSession(host);
    if (!isStranger) this.#accepted(host);
    return host;
  }

  strangerLogsIn(host: SessionHost): boolean {
    const { remoteAddress } = host.connection;
    // It takes a place only when its address is proven, but a full server lets nobody in.
    if (this.#accepts !== 'all' || this.#admission.enter(remoteAddress) !== undefined) return false;
    this.#admission.leave(remoteAddress);
    const displaced = this.#unproven.add(host, remoteAddress);
    this.#unprovenLogins.enter(remoteAddress, this.#runtime.clock.now());
    this.#accepted(host);
    if (displaced !== undefined) this.#displace(displaced.session, displaced.value);
    return true;
  }

  addressProven(host: SessionHost): void {
    if (!this.#unproven.has(host)) return;
    if (this.#admission.enter(host.connection.remoteAddress) === undefined) this.#removeUnproven(host);
    else host.end();
  }

  loginDelayMs(host: SessionHost, now: Instant): number | undefined {
    const { remoteAddress } = host.connection;
    return this.#unproven.has(host)
      ? this.#unprovenLogins.loginDelayMs(remoteAddress, now)
      : this.#admission.loginDelayMs(remoteAddress, now);
  }

  gone(host: SessionHost): void {
    this.#hosts.delete(host);
    host.transport.metrics.sessionsOpen -= 1;
    if (!this.#removeUnproven(host)) this.#admission.leave(host.connection.remoteAddress);
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

  /**
   * From now on new connections are rejected, and logins of strangers are not answered. Sessions of users stay; connections without
   * a user are closed, so that their clients log in elsewhere.
   */
  rejectNewUsers(): void {
    if (this.#accepts !== 'all') return;
    this.#accepts = 'known';
    for (const host of [...this.#hosts]) if (host.user === undefined) host.end();
  }

  /** From now on new connections, logins and messages are rejected; acknowledgements are still handled. */
  stopAccepting(): void {
    this.#accepts = 'none';
    for (const host of this.#hosts) host.stopAcceptingWork();
  }

  endAll(): void {
    for (const host of [...this.#hosts]) host.end();
  }

  #accepted(host: SessionHost): void {
    this.#hosts.add(host);
    host.transport.metrics.sessionsAccepted += 1;
    host.transport.metrics.sessionsOpen += 1;
    this.#runtime.metrics.unprovenAddresses = this.#unproven.size;
  }

  /** Ends the oldest unproven session, because there are too many. */
  #displace(host: SessionHost, value: number): void {
    const { metrics, events } = this.#runtime;
    const { remoteAddress } = host.connection;
    metrics.limitUnprovenAddresses += 1;
    events.emit('limited', { limit: 'maxUnprovenAddresses', value, remoteAddress, userId: host.user?.id });
    host.end();
  }

  #removeUnproven(host: SessionHost): boolean {
    if (!this.#unproven.delete(host)) return false;
    this.#unprovenLogins.leave(host.connection.remoteAddress, this.#runtime.clock.now());
    this.#runtime.metrics.unprovenAddresses = this.#unproven.size;
    return true;
  }

  #contextOf(transport: ServerTransport): TransportContext {
    let context = this.#transports.get(transport);
    if (context === undefined) {
      const { timers, metrics } = this.#runtime;
      context = {
        server: this.#context,
        readDeadlines: timers.ring<SessionHost>(transport.readTimeoutMs, (host) => host.timedOut()),
        metrics: metrics.ofTransport(transport.transport),
      };
      this.#transports.set(transport, context);
    }
    return context;
  }
}
