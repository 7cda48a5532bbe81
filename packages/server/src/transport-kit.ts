/**
 * Building blocks for your own transports: `@imcore/server/transport-kit`.
 *
 * A transport (`ServerTransport` of `@imcore/server/ports`) wraps sockets in connections and passes them to its host. For streams with
 * the framing of TCP, {@link StreamConnections} does everything but listen. For streams with other framing, {@link SocketOutput}
 * and a {@link Flusher} combine what is written in one turn of the event loop into one system call. For datagrams,
 * {@link AnswerAllowance} limits what is sent to an address that may be forged. {@link TrustedProxies} is the server's option.
 */
export { type BinaryString, TcpFrameReader, writeTcpHeader } from '@imcore/protocol';
export { TrustedProxies } from './proxies/trusted-proxies.js';
export { makeSocketsAlike } from './transports/alike-sockets.js';
export { type AllowanceOwner, AnswerAllowance, WithheldBytes } from './transports/answer-allowance.js';
export { type Flushable, Flusher } from './transports/flusher.js';
export { listen, portOf, stop } from './transports/listening.js';
export { canSharePort } from './transports/shared-port.js';
export { type Drainable, SocketOutput } from './transports/socket-output.js';
export { StreamConnections } from './transports/stream-connections.js';
export { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transports/transport-options.js';
