import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HttpServer } from './http-sockets.js';

/** Gets an upgrade request, as listeners for `upgrade` do. */
type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Default of {@link SharedUpgrades.takeOverMs}. */
const TAKE_OVER_MS = 10_000;

/** How the upgrade requests of an HTTP server are shared. */
interface SharedUpgrades {
  readonly isOurs: (request: IncomingMessage) => boolean;
  /** Gets our requests. */
  readonly listener: UpgradeListener;
  /** A request that is not ours was taken by nobody. */
  readonly onNotTaken: () => void;
  /** How long other listeners may take to begin with a request, in milliseconds. Then it is answered with 404. Default 10 000. */
  readonly takeOverMs?: number;
}

/**
 * Handles the upgrade requests of an HTTP server that other parts of the application may listen to as well. Returns a
 * function that ends this.
 *
 * `listener` gets the requests for which `isOurs`, and nobody else does, whether it was added before or after: listeners for
 * `upgrade` cannot stop each other, and some destroy every socket whose path they do not know, such as the `WsAdapter` of
 * NestJS. All other requests go to the other listeners. Those that nobody takes are answered with 404.
 */
export function shareUpgrades(
  server: HttpServer,
  { isOurs, listener, onNotTaken, takeOverMs = TAKE_OVER_MS }: SharedUpgrades,
): () => void {
  let isActive = true;
  const { emit } = server;
  const toOthers = (request: IncomingMessage, socket: Duplex, head: Buffer): boolean => {
    const before = bytesWrittenTo(socket);
    const rejectUnlessTaken = (): void => {
      if (isTaken(socket, before)) return;
      onNotTaken();
      rejectUpgrade(socket, 404, 'Not Found');
    };
    if (server.listenerCount('upgrade') === 1) rejectUnlessTaken();
    else {
      // Node listens to no socket that it has passed on: until somebody has taken it, a reset would end the process.
      socket.on('error', () => socket.destroy());
      setTimeout(rejectUnlessTaken, takeOverMs);
    }
    return Reflect.apply(emit, server, ['upgrade', request, socket, head]);
  };
  const emitUpgrade = (...values: Parameters<UpgradeListener>): boolean => {
    if (!isOurs(values[0])) return toOthers(...values);
    listener(...values);
    return true;
  };
  const emitShared = (name: string | symbol, ...values: unknown[]): boolean =>
    name === 'upgrade' && isActive
      ? emitUpgrade(...(values as Parameters<UpgradeListener>))
      : Reflect.apply(emit, server, [name, ...values]);
  server.emit = emitShared;
  // Without any listener, Node handles an upgrade request like any other request.
  server.on('upgrade', noListener);
  return () => {
    isActive = false;
    server.removeListener('upgrade', noListener);
    if (server.emit === emitShared) server.emit = emit;
  };
}

/** Answers an upgrade request with an HTTP status and closes its socket. */
export function rejectUpgrade(socket: Duplex, status: number, reason: string): void {
  socket.on('error', () => socket.destroy());
  // The peer may never close its side, so the socket is destroyed.
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function noListener(): void {}

/** Whether somebody has taken over a socket: has written to it, reads from it, or has closed it. */
function isTaken(socket: Duplex, writtenBefore: number): boolean {
  const isRead = socket.listenerCount('data') > 0 || socket.listenerCount('readable') > 0;
  return isRead || socket.destroyed || socket.writableEnded || bytesWrittenTo(socket) > writtenBefore;
}

function bytesWrittenTo(socket: Duplex): number {
  return (socket as { readonly bytesWritten?: number }).bytesWritten ?? 0;
}
