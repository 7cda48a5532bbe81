import { once } from 'node:events';
import net from 'node:net';

/** A way to a port of this machine that can be cut: connections are closed, and new ones are closed at once. */
export class CutProxy {
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();
  #isCut = false;

  private constructor(target: number) {
    this.#server = net.createServer((near) => this.#pass(near, target));
  }

  static async open(target: number): Promise<CutProxy> {
    const proxy = new CutProxy(target);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  restore(): void {
    this.#isCut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }

  #pass(near: net.Socket, target: number): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = net.connect(target, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
