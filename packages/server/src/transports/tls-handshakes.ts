import type net from 'node:net';
import tls from 'node:tls';
import type { SocketAdmission, TransportHost } from '../ports/transport.js';
import { AdmittedSockets } from './admitted-sockets.js';

/**
 * Does the TLS handshakes of sockets that were accepted elsewhere and admitted before. A handshake that fails destroys its
 * socket; one that is never finished ends at the deadline of its admission.
 */
export class TlsHandshakes {
  readonly #server: tls.Server;
  readonly #sockets = new AdmittedSockets('below-tls');

  /** `onSecure` gets each socket whose handshake is finished, with its admission. */
  constructor(
    options: tls.TlsOptions,
    onSecure: (socket: tls.TLSSocket, admission: SocketAdmission) => void,
  ) {
    this.#server = tls.createServer(options, (socket) => {
      const admission = this.#sockets.find(socket);
      if (admission === undefined) socket.destroy();
      else onSecure(socket, admission);
    });
  }

  /** Begins a handshake. */
  start(socket: net.Socket, admission: SocketAdmission): void {
    this.#sockets.add(socket, admission);
    this.#server.emit('connection', socket);
  }

  /** Counts the handshakes that fail from now on. */
  countFailures(host: TransportHost): void {
    this.#server.on('tlsClientError', (_error, socket) => {
      host.count('handshakesRejected');
      socket.destroy();
    });
  }

  /** Uses another key and certificate for new handshakes. */
  reload(context: tls.SecureContextOptions): void {
    this.#server.setSecureContext(context);
  }

  /** Destroys all sockets, also those whose handshake is finished. */
  destroyAll(): void {
    this.#sockets.destroyAll();
  }
}
