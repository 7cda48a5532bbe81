import type { BinaryString } from '@imcore/protocol';
import type {
  Connection,
  ConnectionHandler,
  FrameKind,
  ServerTransport,
  TransportHost,
} from '@imcore/server/ports';

/** Intercepts what passes between a server and one of its connections. */
interface ConnectionInterceptor {
  /** Gets what the server writes; `pass` writes it to the connection. */
  send?(body: BinaryString, pass: (body: BinaryString) => boolean): boolean;
  /** Gets what the peer has sent; `pass` passes it to the server. */
  receive?(body: BinaryString, pass: (body: BinaryString) => void): void;
  closed?(): void;
}

/** Puts an interceptor into each connection of a transport. */
export function wrapServerTransport(
  transport: ServerTransport,
  createInterceptor: (connection: Connection) => ConnectionInterceptor,
): ServerTransport {
  return {
    transport: transport.transport,
    readTimeoutMs: transport.readTimeoutMs,
    maxSendBytes: transport.maxSendBytes,
    listen: (host) => transport.listen(wrapHost(host, createInterceptor)),
    stopAccepting: () => transport.stopAccepting(),
    close: () => transport.close(),
  };
}

function wrapHost(
  host: TransportHost,
  createInterceptor: (connection: Connection) => ConnectionInterceptor,
): TransportHost {
  return {
    count: (name) => host.count(name),
    failed: (error) => host.failed(error),
    isTrustedProxy: (address) => host.isTrustedProxy(address),
    proxyHeaderRejected: (transport, address, reason) => host.proxyHeaderRejected(transport, address, reason),
    admit: (socket) => host.admit(socket),
    accept: (connection, transport, admission) => {
      const interceptor: { current: ConnectionInterceptor } = { current: {} };
      const handler = host.accept(wrapConnection(connection, interceptor), transport, admission);
      if (typeof handler === 'string') return handler;
      interceptor.current = createInterceptor(connection);
      return wrapHandler(handler, interceptor.current);
    },
  };
}

function wrapConnection(
  connection: Connection,
  interceptor: { readonly current: ConnectionInterceptor },
): Connection {
  const passAs =
    (kind: FrameKind) =>
    (body: BinaryString): boolean =>
      connection.send(body, kind);
  return {
    transport: connection.transport,
    remoteAddress: connection.remoteAddress,
    remotePort: connection.remotePort,
    maxSendBytes: connection.maxSendBytes,
    isReliable: connection.isReliable,
    canPause: connection.canPause,
    addressProof: connection.addressProof,
    get bufferedBytes() {
      return connection.bufferedBytes;
    },
    send: (body, kind) => interceptor.current.send?.(body, passAs(kind)) ?? connection.send(body, kind),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: () => connection.close(),
    destroy: () => connection.destroy(),
  };
}

function wrapHandler(handler: ConnectionHandler, interceptor: ConnectionInterceptor): ConnectionHandler {
  const pass = (body: BinaryString): void => handler.receive(body);
  return {
    receive: (body) => (interceptor.receive === undefined ? pass(body) : interceptor.receive(body, pass)),
    violated: (error) => handler.violated(error),
    answeredPing: (hasRoom) => handler.answeredPing(hasRoom),
    drained: () => handler.drained(),
    closed: () => {
      interceptor.closed?.();
      handler.closed();
    },
  };
}
