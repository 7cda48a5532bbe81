import type { Emitter, ProtocolError } from '@imcore/protocol';
import type { LimitName, RejectedReason, ServerEvents } from '../events.js';
import type { ServerMetrics } from '../metrics.js';
import type { Connection } from '../transports/transport.js';

/** Whom a report is about. */
export interface ReportedPeer {
  readonly connection: Connection;
  /** The user that is online there. */
  readonly onlineAs: string | undefined;
}

/** Tells the application what a peer did wrong or too much. One for all sessions. */
export class PeerReports {
  readonly #metrics: ServerMetrics;
  readonly #events: Emitter<ServerEvents>;

  constructor(metrics: ServerMetrics, events: Emitter<ServerEvents>) {
    this.#metrics = metrics;
    this.#events = events;
  }

  /** It sent what cannot be read. `userId`: as whom it has logged in. */
  violation({ connection }: ReportedPeer, error: ProtocolError, userId: string | undefined): void {
    const { transport, remoteAddress } = connection;
    this.#metrics.violations += 1;
    this.#events.emit('violation', {
      code: error.code,
      reason: error.message,
      transport,
      remoteAddress,
      userId,
    });
  }

  /** Its packet was dropped on purpose. */
  rejected({ connection, onlineAs }: ReportedPeer, reason: RejectedReason): void {
    if (!this.#events.has('rejected')) return;
    const { transport, remoteAddress } = connection;
    this.#events.emit('rejected', { reason, transport, remoteAddress, userId: onlineAs });
  }

  /** It ran into a limit. */
  limited({ connection, onlineAs }: ReportedPeer, limit: LimitName, value: number): void {
    const { remoteAddress } = connection;
    this.#events.emit('limited', { limit, value, remoteAddress, userId: onlineAs });
  }
}
