import { Digest, type Packet, type ProtocolError } from '@imcore/protocol';
import type { LimitName, RejectedReason } from '../events.js';
import type { Connection } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { User } from '../users/user.js';

/** Maximum number of rejections that are remembered for each connection, so that copies are not reported again. */
const MAX_REMEMBERED = 64;

/** Whom a report is about. */
export interface ReportedPeer {
  readonly connection: Connection;
  /** The user that is online there. */
  readonly user: User | undefined;
}

/** Reports violations, rejections and limits of peers. Shared by all sessions. */
export class PeerReports {
  readonly #runtime: Runtime;
  readonly #digest = new Digest();
  /** Digests, which are short whatever the peer sends. */
  readonly #rejected = new WeakMap<Connection, Set<string>>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** The peer sent what cannot be read. `userId`: the user that has logged in, if any. */
  violation({ connection }: ReportedPeer, error: ProtocolError, userId: string | undefined): void {
    const { metrics, events } = this.#runtime;
    const { transport, remoteAddress } = connection;
    metrics.violations += 1;
    events.emit('violation', { code: error.code, reason: error.message, transport, remoteAddress, userId });
  }

  /** A packet of the peer was rejected. Reported once for each message, not for its copies. */
  rejected({ connection, user }: ReportedPeer, reason: RejectedReason, packet: Packet): void {
    const { events } = this.#runtime;
    if (!events.has('rejected')) return;
    const { type, to } = packet;
    const fingerprint = reason === 'unknown-acknowledgement' ? packet.dataContent : packet.fp;
    if (fingerprint !== undefined) {
      const { a, b, c, d } = this.#digest.of(`${reason} ${type} ${to}`, fingerprint);
      if (!this.#isFirst(connection, `${a} ${b} ${c} ${d}`)) return;
    }
    const { transport, remoteAddress } = connection;
    events.emit('rejected', { reason, type, to, fingerprint, transport, remoteAddress, userId: user?.id });
  }

  /** The peer has reached a limit. */
  limited({ connection, user }: ReportedPeer, limit: LimitName, value: number): void {
    const { remoteAddress } = connection;
    this.#runtime.events.emit('limited', { limit, value, remoteAddress, userId: user?.id });
  }

  #isFirst(connection: Connection, key: string): boolean {
    let keys = this.#rejected.get(connection);
    if (keys === undefined) {
      keys = new Set();
      this.#rejected.set(connection, keys);
    }
    if (keys.has(key)) return false;
    for (const oldest of keys) {
      if (keys.size < MAX_REMEMBERED) break;
      keys.delete(oldest);
    }
    keys.add(key);
    return true;
  }
}
