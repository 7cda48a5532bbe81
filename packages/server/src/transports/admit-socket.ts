import type net from 'node:net';
import type { SocketAdmission, TransportHost } from '../ports/transport.js';

/**
 * Asks the host to admit a socket that was just accepted. Destroys the socket and returns undefined if the host rejects it, or if
 * its peer has reset it already.
 *
 * The caller releases the admission when the socket is closed, unless a session takes it over in the same turn:
 * see {@link AdmittedSockets}.
 */
export function admitSocket(socket: net.Socket, host: TransportHost): SocketAdmission | undefined {
  if (wasReset(socket)) {
    socket.destroy();
    return undefined;
  }
  const admission = host.admit({
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    fileDescriptor: descriptorOf(socket),
    loginTimedOut: () => socket.destroy(),
  });
  if (typeof admission !== 'string') return admission;
  socket.destroy();
  return undefined;
}

/**
 * Whether the peer has reset the connection before it was accepted. What it sent could still be read, but its address is gone, and
 * with it the limits per address. A Unix socket has neither a remote nor a local address.
 */
function wasReset({ remoteAddress, localAddress }: net.Socket): boolean {
  return remoteAddress === undefined && localAddress !== undefined;
}

/** The number of a socket's file descriptor, which Node does not document. Undefined on Windows, which has none. */
function descriptorOf(socket: net.Socket): number | undefined {
  const { _handle: handle } = socket as { _handle?: { readonly fd?: unknown } | null };
  const descriptor = handle?.fd;
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined;
}
