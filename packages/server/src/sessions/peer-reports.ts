import { Digest, type Packet, type ProtocolError } from '@imcore/protocol';
import type { LimitName, RejectedReason } from '../events.js';
import type { Connection } from '../ports/transport.js';
import type { Runtime } from '../runtime.js';
import type { User } from '../users/user.js';

/** Rejections of one connection that are remembered, so that copies of a message are not reported again. */
const MAX_REMEMBERED = 64;

/** Whom a report is about. */
export interface ReportedPeer {
  readonly connection: Connection;
  /** The user that is online there. */
  readonly user: User | undefined;
}

/** Reports what peers did wrong or too much. One for all sessions. */
export class PeerReports {
  readonly #runtime: Runtime;
  readonly #digest = new Digest();
  /** Digests, which are short whatever the peer sends. */
  readonly #rejected = new WeakMap<Connection, Set<string>>();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** It sent what cannot be read. `userId`: as whom it has logged in. */
  violation({ connection }: ReportedPeer, error: ProtocolError, userId: string | undefined): void {
    const { metrics, events } = this.#runtime;
    const { transport, remoteAddress } = connection;
    metrics.violations += 1;
    events.emit('violation', { code: error.code, reason: error.message, transport, remoteAddress, userId });
  }

  /** Its packet was dropped on purpose. Once for each message, however often copies of it come. */
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

  /** It ran into a limit. */
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
