import { connect, type Socket } from 'node:net';
import type { Clock } from '@imcore/server/ports';
import type { NatsServer } from './servers.js';

/** The first word of a NATS server. */
const INFO = 'INFO ';

/**
 * Waits until a server has greeted a connection of its own, which is closed then.
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

  /** Rejects if the server cannot be reached, is another kind of server, or says nothing in time. */
  async receive(): Promise<void> {
    const { host, port } = this.#server;
    const socket = connect(port, host);
    this.#socket = socket;
    const timeout = this.#clock.schedule(this.#clock.now() + this.#timeoutMs, () =>
      socket.destroy(new Error(`the server has said nothing for ${this.#timeoutMs / 1000} s`)),
    );
    try {
      await firstBytes(socket);
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

function firstBytes(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (text.startsWith(INFO)) resolve();
      else if (!INFO.startsWith(text)) reject(new Error('this is no NATS server'));
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('the server has closed the connection')));
  });
}
