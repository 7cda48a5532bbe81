import type http from 'node:http';
import type https from 'node:https';
import type net from 'node:net';
import tls from 'node:tls';
import type { SocketAdmission, TransportHost } from '../ports/transport.js';
import { admitSocket } from './admit-socket.js';
import { AdmittedSockets } from './admitted-sockets.js';

/** An HTTP server, with or without TLS. */
export type HttpServer = http.Server | https.Server;

/** The events with which an HTTP server passes a request, or the socket of one, to the application. */
const PASSED_ON: ReadonlySet<string | symbol> = new Set([
  'request',
  'checkContinue',
  'checkExpectation',
  'upgrade',
  'connect',
]);

/** How an HTTP server's sockets are admitted. */
interface HttpSocketOptions {
  /** Ends the deadline of a socket with its first request: from then on the time-outs of the HTTP server apply. */
  readonly untilRequest: boolean;
}

/** The sockets of an HTTP server, each of which is admitted before anything is read from it. */
export interface HttpSockets {
  /**
   * Returns the admission of a request's socket. One that was accepted before the others were watched is admitted now; undefined
   * if it is rejected and therefore destroyed.
   */
  admissionOf(socket: net.Socket): SocketAdmission | undefined;
  destroyAll(): void;
  /** Stops admitting sockets. Those that are open count until they are closed. */
  stop(): void;
}

/** Admits the sockets of an HTTP server from now on. A socket that is rejected is destroyed before TLS and HTTP see a byte. */
export function admitHttpSockets(
  server: HttpServer,
  host: TransportHost,
  { untilRequest }: HttpSocketOptions,
): HttpSockets {
  const sockets = new AdmittedSockets(server instanceof tls.Server ? 'below-tls' : 'plain');
  const admit = (socket: net.Socket): SocketAdmission | undefined => {
    const admission = admitSocket(socket, host);
    if (admission !== undefined) sockets.add(socket, admission);
    return admission;
  };
  const onConnection = (socket: net.Socket): void => void admit(socket);
  server.prependListener('connection', onConnection);
  const stopWatching = untilRequest
    ? beforePassedOn(server, (socket) => sockets.find(socket)?.endDeadline())
    : () => {};
  return {
    admissionOf: (socket) => sockets.find(socket) ?? admit(socket),
    destroyAll: () => sockets.destroyAll(),
    stop() {
      server.removeListener('connection', onConnection);
      stopWatching();
    },
  };
}

/**
 * Calls `act` with the socket of each request, before the application gets it. Returns a function that ends this.
 *
 * A listener would not do: with one for `upgrade`, Node no longer handles upgrade requests like other requests.
 */
function beforePassedOn(server: HttpServer, act: (socket: net.Socket) => void): () => void {
  let isActive = true;
  const { emit } = server;
  const emitAfter = (name: string | symbol, ...values: unknown[]): boolean => {
    if (isActive && PASSED_ON.has(name)) act((values[0] as http.IncomingMessage).socket);
    return Reflect.apply(emit, server, [name, ...values]);
  };
  server.emit = emitAfter;
  return () => {
    isActive = false;
    if (server.emit === emitAfter) server.emit = emit;
  };
}
