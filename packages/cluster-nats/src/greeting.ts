import { connect, type Socket } from 'node:net';
import type { Clock } from '@imcore/server/ports';
import type { NatsServer } from './servers.js';

/** The first word of a NATS server. */
const INFO = 'INFO ';
/** What it says behind that when it will not serve, such as `maximum connections exceeded`. */
const REFUSAL = /^-ERR '(.+)'/m;

/**
 * Waits until a server has greeted a connection of its own, and both have closed it: then its place is free again.
 *
 * The library leaves a connection open for good whose server accepts it and then says nothing, as one that hangs does. Such a server is
 * found here, with a socket that can be closed.
 */
export class Greeting {
  readonly #server: NatsServer;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  #socket: Socket | undefined = undefined;

  constructor(server: NatsServer, timeoutMs: number, clock: Clock) {
    this.#server = server;
    this.#timeoutMs = timeoutMs;
    this.#clock = clock;
  }

  /** Rejects if the server cannot be reached, is another kind of server, serves nobody now, or says nothing in time. */
  async receive(): Promise<void> {
    const { host, port } = this.#server;
    const socket = connect(port, host);
    this.#socket = socket;
    const timeout = this.#clock.schedule(this.#clock.now() + this.#timeoutMs, () =>
      socket.destroy(new Error(`the server has said nothing for ${this.#timeoutMs / 1000} s`)),
    );
    try {
      await greeted(socket);
    } finally {
      timeout.cancel();
      socket.destroy();
    }
  }

  /** Gives up. `receive` rejects. */
  cancel(): void {
    this.#socket?.destroy();
  }
}

function greeted(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      // A server that is full says so behind its greeting, in another packet.
      if (text.startsWith(INFO)) socket.end();
      else if (!INFO.startsWith(text)) reject(new Error('this is no NATS server'));
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const refusal = REFUSAL.exec(text)?.[1];
      if (refusal !== undefined) reject(new Error(refusal));
      else if (text.startsWith(INFO)) resolve();
      else reject(new Error('the server has closed the connection'));
    });
  });
}
