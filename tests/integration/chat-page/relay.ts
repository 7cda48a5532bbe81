import type { AddressInfo } from 'node:net';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A proxy in front of a server that can be blocked: then bytes are dropped silently. */
export class Relay {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #isBlocked = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async before(port: number): Promise<Relay> {
    const server = createServer();
    const relay = new Relay(server);
    server.on('connection', (near) => relay.#join(near, connect(port, '127.0.0.1')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Drops all bytes of existing and new connections; connections stay open. */
  block(): void {
    this.#isBlocked = true;
  }

  /** Lets new connections work again; existing ones stay blocked. */
  unblock(): void {
    this.#isBlocked = false;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(near: Socket, far: Socket): void {
    const isDead = this.#isBlocked;
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (chunk) => {
        if (!isDead && !this.#isBlocked) to.write(chunk);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
