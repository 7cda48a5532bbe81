import net from 'node:net';

/** How long a login may take, in milliseconds. */
const LOGIN_MS = 5000;

/** A user on a TCP connection of its own, who can do what no client does. */
export class RawUser {
  readonly #socket: net.Socket;
  #isOpen = true;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#isOpen = false;
    });
  }

  /** Logs in. Resolves when the server has answered, or has had time to. */
  static async login(userId: string, port: number): Promise<RawUser> {
    const socket = net.connect(port, '127.0.0.1');
    const user = new RawUser(socket);
    const content = JSON.stringify({ loginUserId: userId, loginToken: '', firstLoginTime: 0 });
    socket.write(frameOf({ type: 0, dataContent: content, from: userId, to: '0', QoS: false, typeu: -1 }));
    await user.#next('data', LOGIN_MS);
    return user;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Reads everything and acknowledges nothing. */
  ignore(): void {
    this.#socket.resume();
  }

  /** Reads nothing from now on. */
  stopReading(): void {
    this.#socket.pause();
  }

  /** Writes a message; waits while the server does not read, until an instant at the latest. */
  async send(from: string, to: string, content: string, fingerprint: string, until: number): Promise<void> {
    const packet = { type: 2, dataContent: content, from, to, fp: fingerprint, QoS: true, typeu: -1 };
    if (this.#socket.write(frameOf(packet)) || !this.#isOpen) return;
    await this.#next('drain', until - performance.now());
  }

  /** Resolves at the next event of this name, at the end of the connection, or after some time. */
  #next(event: 'data' | 'drain', ms: number): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        socket.off(event, done).off('close', done);
        resolve();
      };
      const timer = setTimeout(done, Math.max(1, ms));
      socket.on(event, done).on('close', done);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}

function frameOf(packet: object): Buffer {
  const body = Buffer.from(JSON.stringify(packet));
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  return Buffer.concat([header, body]);
}
