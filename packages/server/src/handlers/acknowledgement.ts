import type { LocalRoute } from '../delivery/local-route.js';
import type { Runtime } from '../runtime.js';
import type { AddressChecks } from '../sessions/address-checks.js';
import type { PeerReports } from '../sessions/peer-reports.js';
import type { Handler } from './handler.js';

/**
 * Type 4: a receiver acknowledges a message, or a fingerprint that only the server can have told it: this proves its address.
 *
 * @see docs/protocol/SPEC.md#2-the-packet
 */
export const acknowledgement = (
  { metrics }: Runtime,
  local: LocalRoute,
  checks: AddressChecks,
  reports: PeerReports,
): Handler => ({
  allowed: 'in-own-name',
  isWork: false,
  handle(session, packet, now) {
    const { user, device, connection } = session;
    if (user === undefined || device === undefined) return;
    const { dataContent: fingerprint, from, to, fp, QoS } = packet;
    // Forwarded unchanged only if the packet itself asks for no acknowledgement: that is allowed for type 2 alone.
    const isPlain = !QoS && fp === undefined;
    const frame = from === user.id && to !== undefined && isPlain ? packet.body : undefined;
    const acknowledged = packet.hasInvalidContent ? undefined : fingerprint;
    if (acknowledged !== undefined && local.acknowledge(user, device, acknowledged, to, now, frame)) return;
    if (acknowledged !== undefined && checks.isProof(connection, acknowledged)) session.addressProven();
    // Other devices get copies, whose acknowledgements are not tracked.
    else if (device === user.primary) {
      metrics.unknownAcknowledgements += 1;
      reports.rejected(session, 'unknown-acknowledgement', packet);
    }
  },
});
