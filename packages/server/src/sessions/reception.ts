import type { Clock, Emitter } from '@imcore/protocol';
import type { ServerEvents } from '../events.js';
import type { ServerLimits } from '../limits.js';
import type { ServerMetrics } from '../metrics.js';
import type { DeadlineQueue, DeadlineRing } from '../scheduling/deadline-queue.js';
import type {
  Connection,
  ConnectionHandler,
  RejectionReason,
  ServerTransport,
  TransportCount,
  TransportHost,
} from '../transports/transport.js';
import type { AddressTable } from './address-table.js';
import type { HostParts } from './host-parts.js';
import { type HostOwner, SessionHost } from './session-host.js';

export interface ReceptionParts {
  readonly clock: Clock;
  readonly metrics: ServerMetrics;
  readonly events: Emitter<ServerEvents>;
  readonly limits: ServerLimits;
  readonly addresses: AddressTable;
  readonly deadlines: DeadlineQueue;
  readonly host: HostParts;
}

/** Takes connections from all transports, within the limits, and keeps count of the sessions that they become. */
export class Reception implements TransportHost, HostOwner {
  readonly #parts: ReceptionParts;
  readonly #hosts = new Set<SessionHost>();
  readonly #readDeadlines = new Map<number, DeadlineRing>();
  #isTaking = true;

  constructor(parts: ReceptionParts) {
    this.#parts = parts;
  }

  accept(connection: Connection, transport: ServerTransport): ConnectionHandler | RejectionReason {
    const { metrics, limits, addresses } = this.#parts;
    if (!this.#isTaking) return 'closing';
    if (this.#hosts.size >= limits.maxSessions) {
      metrics.limitSessions += 1;
      return this.#refuse('maxSessions', connection, 'sessions');
    }
    if (!addresses.enter(connection.remoteAddress, this.#parts.clock.now())) {
      metrics.limitSessionsPerAddress += 1;
      return this.#refuse('maxSessionsPerAddress', connection, 'sessions-per-address');
    }
    const deadlines = this.#deadlinesFor(transport.readTimeoutMs);
    const host = new SessionHost(connection, this.#parts.host, deadlines, this);
    this.#hosts.add(host);
    metrics.sessionsAccepted += 1;
    metrics.sessionsOpen += 1;
    return host;
  }

  gone(host: SessionHost): void {
    this.#hosts.delete(host);
    this.#parts.metrics.sessionsOpen -= 1;
    this.#parts.addresses.leave(host.connection.remoteAddress, this.#parts.clock.now());
  }

  count(name: TransportCount): void {
    this.#parts.metrics[name] += 1;
  }

  failed(error: Error): void {
    this.#parts.events.emit('error', error);
  }

  /** From now on no session is taken and no message accepted; acknowledgements still are. */
  stopTaking(): void {
    this.#isTaking = false;
    for (const host of this.#hosts) host.stopTaking();
  }

  endAll(): void {
    for (const host of [...this.#hosts]) host.end();
  }

  #refuse(
    limit: 'maxSessions' | 'maxSessionsPerAddress',
    connection: Connection,
    reason: RejectionReason,
  ): RejectionReason {
    const { metrics, events, limits } = this.#parts;
    metrics.sessionsRejected += 1;
    events.emit('limited', {
      limit,
      value: limits[limit],
      remoteAddress: connection.remoteAddress,
      userId: undefined,
    });
    return reason;
  }

  #deadlinesFor(readTimeoutMs: number): DeadlineRing {
    let ring = this.#readDeadlines.get(readTimeoutMs);
    if (ring === undefined) {
      ring = this.#parts.deadlines.ring<SessionHost>(readTimeoutMs, (host) => host.timedOut());
      this.#readDeadlines.set(readTimeoutMs, ring);
    }
    return ring;
  }
}
