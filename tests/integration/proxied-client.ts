import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import { encodeFrameBody, loginPacket } from '@imcore/protocol';
import { WebSocket } from 'ws';

/** The outcome of a connection: the login was answered, or the connection was closed before. */
type LoginOutcome = 'logged-in' | 'closed';

/** A client with an address of its own within loopback, so that limits per address tell it from others. */
export class ProxiedClient {
  readonly #userId: string;
  readonly #address: string;
  #port = 0;
  #close: () => void = () => {};

  constructor(userId: string, address: string) {
    this.#userId = userId;
    this.#address = address;
  }

  /** The port that it connects from, once it has. */
  get port(): number {
    return this.#port;
  }

  close(): void {
    this.#close();
  }

  /** Logs in over TCP. `before`: bytes to send before the login. */
  async overTcp(port: number, before = Buffer.alloc(0)): Promise<LoginOutcome> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: this.#address });
    this.#close = () => socket.destroy();
    socket.on('error', () => socket.destroy());
    await Promise.race([once(socket, 'connect'), once(socket, 'close')]);
    this.#port = socket.localPort ?? 0;
    return await this.#logIn(socket, before);
  }

  /** Logs in over TLS. */
  async overTls(port: number): Promise<LoginOutcome> {
    const raw = connect({ host: '127.0.0.1', port, localAddress: this.#address });
    this.#close = () => raw.destroy();
    await once(raw, 'connect');
    this.#port = raw.localPort ?? 0;
    const socket = tlsConnect({ socket: raw, rejectUnauthorized: false });
    socket.on('error', () => raw.destroy());
    const isOpen = await Promise.race([
      once(socket, 'secureConnect').then(
        () => true,
        () => false,
      ),
      once(raw, 'close').then(() => false),
    ]);
    return isOpen ? await this.#logIn(socket) : 'closed';
  }

  /** Logs in over WebSocket, with additional headers. */
  async overWebSocket(url: string, headers: Readonly<Record<string, string>> = {}): Promise<LoginOutcome> {
    const localAddress = this.#address;
    const socket = new WebSocket(url, { headers, localAddress, rejectUnauthorized: false });
    this.#close = () => socket.terminate();
    socket.on('error', () => socket.terminate());
    socket.on('open', () => socket.send(Buffer.from(this.#login(), 'latin1').toString()));
    return await new Promise((resolve) => {
      socket.once('message', () => resolve('logged-in'));
      socket.once('close', () => resolve('closed'));
    });
  }

  async #logIn(socket: Socket | TLSSocket, before = Buffer.alloc(0)): Promise<LoginOutcome> {
    const body = Buffer.from(this.#login(), 'latin1');
    const header = Buffer.alloc(4);
    header.writeUInt32BE(body.length);
    socket.write(Buffer.concat([before, header, body]));
    return await new Promise((resolve) => {
      socket.once('data', () => resolve('logged-in'));
      socket.once('close', () => resolve('closed'));
    });
  }

  #login(): string {
    return encodeFrameBody(
      loginPacket({ userId: this.#userId, token: undefined, extra: undefined, firstLoginTime: 0 }),
    );
  }
}
