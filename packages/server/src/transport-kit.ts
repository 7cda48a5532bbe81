/**
 * What a transport of your own is made of: `@imcore/server/transport-kit`.
 *
 * A transport turns sockets into {@link Connection}s and gives them to the server's {@link TransportHost}. Over streams
 * with the frames of TCP, {@link StreamConnections} does everything but listen. With frames of another kind,
 * {@link SocketOutput} and a {@link Flusher} gather what is written in one turn of the event loop into one system call.
 * Over datagrams, {@link AnswerAllowance} bounds what is sent to an address that may be forged.
 */
export { type BinaryString, TcpFrameReader, writeTcpHeader } from '@imcore/protocol';
export { checkInteger, checkNames, type OptionNames } from './check-options.js';
export type {
  AddressProof,
  Connection,
  ConnectionHandler,
  FrameKind,
  RejectionReason,
  ServerTransport,
  TransportAddress,
  TransportCount,
  TransportHost,
} from './ports/transport.js';
export { makeSocketsAlike } from './transports/alike-sockets.js';
export { type AllowanceOwner, AnswerAllowance } from './transports/answer-allowance.js';
export { type Flushable, Flusher } from './transports/flusher.js';
export { listen, portOf, stop } from './transports/listening.js';
export { type Drainable, SocketOutput } from './transports/socket-output.js';
export { StreamConnections } from './transports/stream-connections.js';
export { readTimeoutOf, TRANSPORT_OPTIONS, type TransportOptions } from './transports/transport-options.js';
