import type { Instant, ReceivedPacket } from '@imcore/protocol';
import type { LocalRoute } from '../delivery/local-route.js';
import type { Runtime } from '../runtime.js';
import type { PeerReports } from '../sessions/peer-reports.js';
import type { AddressChecks } from './address-checks.js';
import type { Handler, HandlerSession } from './handler.js';

/**
 * Type 4: a receiver acknowledges a message. An expected acknowledgement also verifies the peer's address.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export class AcknowledgementHandler implements Handler {
  readonly allowed = 'in-own-name';
  readonly isWork = false;
  readonly #runtime: Runtime;
  readonly #local: LocalRoute;
  readonly #checks: AddressChecks;
  readonly #reports: PeerReports;

  constructor(runtime: Runtime, local: LocalRoute, checks: AddressChecks, reports: PeerReports) {
    this.#runtime = runtime;
    this.#local = local;
    this.#checks = checks;
    this.#reports = reports;
  }

  handle(session: HandlerSession, packet: ReceivedPacket, now: Instant): void {
    const { user, device, connection } = session;
    if (user === undefined || device === undefined) return;
    const { dataContent: fingerprint, from, to, fp, QoS } = packet;
    // Forwarded unchanged only if the packet itself asks for no acknowledgement: that is allowed for type 2 alone.
    const isPlain = !QoS && fp === undefined;
    const frame = from === user.id && to !== undefined && isPlain ? packet.body : undefined;
    const isExpected =
      fingerprint !== undefined &&
      (this.#local.acknowledge(user, device, fingerprint, to, now, frame) ||
        this.#checks.isAnswer(connection, fingerprint));
    if (isExpected) connection.addressProof?.trust();
    // Other devices get copies, whose acknowledgements are not tracked.
    else if (device === user.primary) {
      this.#runtime.metrics.unknownAcknowledgements += 1;
      this.#reports.rejected(session, 'unknown-acknowledgement', packet);
    }
  }
}
