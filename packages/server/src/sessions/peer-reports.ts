import type { ProtocolError } from '@imcore/protocol';
import type { LimitName, RejectedReason } from '../events.js';
import type { Connection } from '../gateways/gateway.js';
import type { HostParts } from './host-parts.js';
import type { Presence } from './presence.js';

/** Tells the application what one peer did wrong or too much. */
export class PeerReports {
  readonly #connection: Connection;
  readonly #parts: HostParts;
  readonly #presence: Presence;

  constructor(connection: Connection, parts: HostParts, presence: Presence) {
    this.#connection = connection;
    this.#parts = parts;
    this.#presence = presence;
  }

  /** It sent what cannot be read. */
  violation(error: ProtocolError, userId: string | undefined): void {
    const { transport, remoteAddress } = this.#connection;
    const { metrics, events } = this.#parts;
    metrics.violations += 1;
    events.emit('violation', { code: error.code, reason: error.message, transport, remoteAddress, userId });
  }

  /** Its packet was dropped on purpose. */
  rejected(reason: RejectedReason): void {
    const { events } = this.#parts;
    if (!events.has('rejected')) return;
    const { transport, remoteAddress } = this.#connection;
    events.emit('rejected', { reason, transport, remoteAddress, userId: this.#presence.user?.id });
  }

  /** It ran into a limit. */
  limited(limit: LimitName, value: number): void {
    const { remoteAddress } = this.#connection;
    this.#parts.events.emit('limited', { limit, value, remoteAddress, userId: this.#presence.user?.id });
  }
}
