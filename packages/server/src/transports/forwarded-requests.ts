import type { IncomingMessage } from 'node:http';
import type { RejectionReason, SocketAdmission, TransportHost } from '../ports/transport.js';
import { type ForwardedHeader, forwardedClient } from '../proxies/forwarded-client.js';

/**
 * Moves the admission of a request's socket to the address of the client, if a trusted proxy names it in the header. Headers of
 * others are ignored.
 *
 * Returns why the request must be rejected: the header is malformed, which is reported, or the client's address is beyond a
 * limit.
 */
export function moveToClient(
  request: IncomingMessage,
  header: ForwardedHeader,
  admission: SocketAdmission,
  host: TransportHost,
): RejectionReason | 'malformed-header' | undefined {
  const { remoteAddress, remotePort } = admission;
  const value = request.headers[header];
  if (value === undefined || !host.isTrustedProxy(remoteAddress)) return undefined;
  const peer = { address: remoteAddress, port: remotePort };
  const found = forwardedClient(peer, header, String(value), (address) => host.isTrustedProxy(address));
  if (found.kind === 'client') return admission.moveTo(found.client.address, found.client.port);
  host.proxyHeaderRejected('websocket', remoteAddress, found.reason);
  return 'malformed-header';
}
