import { once } from 'node:events';
import net from 'node:net';
import {
  DEFAULT_MAX_TCP_BODY_BYTES,
  decodeFrameBody,
  encodeUtf8,
  type Packet,
  PacketType,
  TcpFrameReader,
} from '@imcore/protocol';

/** Keep-alives of sense mode 3 s. */
const KEEP_ALIVE_MS = 3000;

/** What happens to a connection of a {@link RawClient}. */
interface ConnectionEvents {
  /** The connection has ended, or it did not answer the login. */
  closed?(): void;
  /** The server has kicked out the user. */
  kicked?(code: number): void;
}

/**
 * An original client on TCP, frame by frame, without the code of our client: logs in, acknowledges each QoS packet, and
 * sends keep-alives. Passes on every message, duplicates included.
 */
export class RawClient {
  readonly userId: string;
  readonly #socket: net.Socket;
  readonly #frames = new TcpFrameReader<Buffer>(DEFAULT_MAX_TCP_BODY_BYTES, Buffer.allocUnsafeSlow);
  readonly #onMessage: (message: Packet) => void;
  readonly #onAcknowledged: (fingerprint: string) => void;
  readonly #events: ConnectionEvents;
  #onLogin: (firstLoginTime: number) => void = () => {};
  #keepAlive: NodeJS.Timeout | undefined;

  private constructor(
    socket: net.Socket,
    userId: string,
    onMessage: (message: Packet) => void,
    onAcknowledged: (fingerprint: string) => void,
    events: ConnectionEvents,
  ) {
    this.#socket = socket;
    this.userId = userId;
    this.#onMessage = onMessage;
    this.#onAcknowledged = onAcknowledged;
    this.#events = events;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#take(chunk));
    // An error ends the connection; missing messages are counted by the caller.
    socket.on('error', () => {});
    socket.on('close', () => events.closed?.());
  }

  static async connect(
    port: number,
    userId: string,
    onMessage: (message: Packet) => void = () => {},
    onAcknowledged: (fingerprint: string) => void = () => {},
    events: ConnectionEvents = {},
  ): Promise<RawClient> {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new RawClient(socket, userId, onMessage, onAcknowledged, events);
  }

  /** Resolves with the time of the first login when the server has answered. */
  async login(firstLoginTime = 0): Promise<number> {
    const answered = new Promise<number>((resolve) => {
      this.#onLogin = resolve;
    });
    const content = JSON.stringify({ loginUserId: this.userId, loginToken: 't', firstLoginTime });
    this.#write({ type: PacketType.Login, dataContent: content, to: '0' });
    const answeredTime = await answered;
    this.#keepAlive = setInterval(
      () => this.#write({ type: PacketType.KeepAlive, dataContent: '{}', to: '0' }),
      KEEP_ALIVE_MS,
    );
    return answeredTime;
  }

  send(to: string, content: string, fingerprint: string, typeu = -1): void {
    this.#write({ type: PacketType.Data, dataContent: content, to, fp: fingerprint, typeu });
  }

  close(): void {
    clearInterval(this.#keepAlive);
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#socket.cork();
    this.#frames.push(chunk, (bytes, start, end) => {
      this.#handle(decodeFrameBody(bytes.toString('latin1', start, end)));
      return true;
    });
    this.#socket.uncork();
  }

  #handle(packet: Packet): void {
    if (packet.QoS && packet.fp !== undefined) {
      this.#write({ type: PacketType.Acknowledgement, dataContent: packet.fp, to: packet.from ?? '0' });
    }
    if (packet.type === PacketType.LoginResponse) this.#onLogin(timeOf(packet));
    else if (packet.type === PacketType.KickOut) this.#events.kicked?.(codeOf(packet));
    else if (packet.type === PacketType.Data) this.#onMessage(packet);
    else if (packet.type === PacketType.Acknowledgement) this.#onAcknowledged(packet.dataContent ?? '');
  }

  #write(fields: { type: number; dataContent: string; to: string; fp?: string; typeu?: number }): void {
    const { type, dataContent, to, fp, typeu = -1 } = fields;
    const from = this.userId;
    const QoS = fp !== undefined;
    const text = JSON.stringify({ bridge: false, type, dataContent, from, to, fp, QoS, typeu, sm: -1 });
    const body = Buffer.from(encodeUtf8(text), 'latin1');
    const frame = Buffer.allocUnsafe(4 + body.length);
    frame.writeUInt32BE(body.length, 0);
    body.copy(frame, 4);
    this.#socket.write(frame);
  }
}

function timeOf({ dataContent = '{}' }: Packet): number {
  return Number((JSON.parse(dataContent) as { firstLoginTime?: unknown }).firstLoginTime ?? 0);
}

function codeOf({ dataContent = '{}' }: Packet): number {
  return Number((JSON.parse(dataContent) as { code?: unknown }).code ?? 0);
}
