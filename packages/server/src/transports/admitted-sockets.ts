import type net from 'node:net';
import type { SocketAdmission } from '../ports/transport.js';

/** The admitted sockets of one listener on which a handshake, or a request, comes before the session. */
export class AdmittedSockets {
  readonly #admissions = new Map<net.Socket, SocketAdmission>();
  /** The sockets by their endpoints, if they are below TLS: Node does not tell which socket is below a TLS socket. */
  readonly #byEndpoints: Map<string, net.Socket> | undefined;

  constructor(layer: 'plain' | 'below-tls') {
    this.#byEndpoints = layer === 'plain' ? undefined : new Map();
  }

  /** Adds a socket. Releases its admission when the socket is closed. */
  add(socket: net.Socket, admission: SocketAdmission): void {
    this.#admissions.set(socket, admission);
    const endpoints = this.#byEndpoints === undefined ? '' : endpointsOf(socket);
    this.#byEndpoints?.set(endpoints, socket);
    socket.once('close', () => {
      this.#admissions.delete(socket);
      if (this.#byEndpoints?.get(endpoints) === socket) this.#byEndpoints.delete(endpoints);
      admission.release();
    });
  }

  /** Returns the admission of a socket, or of the socket below a TLS socket; undefined if it was not added or is closed. */
  find(socket: net.Socket): SocketAdmission | undefined {
    const own = this.#admissions.get(socket);
    if (own !== undefined || this.#byEndpoints === undefined) return own;
    const below = this.#byEndpoints.get(endpointsOf(socket));
    return below && this.#admissions.get(below);
  }

  destroyAll(): void {
    for (const socket of [...this.#admissions.keys()]) socket.destroy();
  }
}

function endpointsOf({ remoteAddress, remotePort, localAddress }: net.Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`;
}
