import type { Instant, ReceivedPacket } from '@imcore/protocol';
import type { LocalRoute } from '../delivery/local-route.js';
import type { Runtime } from '../runtime.js';
import type { PeerReports } from '../sessions/peer-reports.js';
import type { AddressChecks } from './address-checks.js';
import type { Handler, HandlerSession } from './handler.js';

/**
 * Type 4: a receiver has a message, and with the first that it acknowledges it shows that it receives what is sent to
 * its address.
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
    // Only type 2 may ask for an acknowledgement: an answer to any other type would be useless traffic.
    const isPlain = !QoS && fp === undefined;
    const frame = from === user.id && to !== undefined && isPlain ? packet.body : undefined;
    const isExpected =
      fingerprint !== undefined &&
      (this.#local.acknowledge(user, device, fingerprint, to, now, frame) ||
        this.#checks.isAnswer(connection, fingerprint));
    if (isExpected) connection.addressProof?.trust();
    // Other devices are sent copies, for whose acknowledgements nothing waits.
    else if (device === user.primary) {
      this.#runtime.metrics.unknownAcknowledgements += 1;
      this.#reports.rejected(session, 'unknown-acknowledgement', packet);
    }
  }
}
