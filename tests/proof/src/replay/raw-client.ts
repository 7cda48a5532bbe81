import {
  CODE_OK,
  CODE_SERVER_SAYS_NOT_LOGGED_IN,
  decodeFrameBody,
  encodeUtf8,
  type Packet,
  PacketType,
} from '@imcore/protocol';
import type { Kind } from '../proof-client.js';
import { openRawLink, type RawLink } from './raw-link.js';

/** Keep-alives of sense mode 3 s. */
const KEEP_ALIVE_MS = 3000;

/** How often an original client looks whether its keep-alives are answered, in milliseconds. */
const LOOK_MS = 2000;

/** What happens to a connection of a {@link RawClient}. */
interface ConnectionEvents {
  /** The connection has ended, or the server knows its session no longer. */
  closed?(): void;
  /** The server has kicked out the user. */
  kicked?(code: number): void;
}

/** How it connects. */
interface ConnectionOptions {
  /** Default `tcp`. */
  readonly kind?: Kind;
  /** It closes the connection when no keep-alive was answered for so long, in milliseconds. Default: never. */
  readonly silentMs?: number;
}

/**
 * An original client, frame by frame, without the code of our client: logs in, acknowledges each QoS packet, and sends
 * keep-alives. Passes on every message, duplicates included.
 */
export class RawClient {
  readonly userId: string;
  readonly #onMessage: (message: Packet) => void;
  readonly #onAcknowledged: (fingerprint: string) => void;
  readonly #events: ConnectionEvents;
  readonly #silentMs: number;
  #link: RawLink | undefined = undefined;
  #onLogin: (firstLoginTime: number) => void = () => {};
  #timers: readonly NodeJS.Timeout[] = [];
  #answeredAt = 0;

  private constructor(
    userId: string,
    onMessage: (message: Packet) => void,
    onAcknowledged: (fingerprint: string) => void,
    events: ConnectionEvents,
    silentMs: number,
  ) {
    this.userId = userId;
    this.#onMessage = onMessage;
    this.#onAcknowledged = onAcknowledged;
    this.#events = events;
    this.#silentMs = silentMs;
  }

  static async connect(
    port: number,
    userId: string,
    onMessage: (message: Packet) => void = () => {},
    onAcknowledged: (fingerprint: string) => void = () => {},
    events: ConnectionEvents = {},
    { kind = 'tcp', silentMs = Number.POSITIVE_INFINITY }: ConnectionOptions = {},
  ): Promise<RawClient> {
    const client = new RawClient(userId, onMessage, onAcknowledged, events, silentMs);
    client.#link = await openRawLink(kind, port, {
      received: (body) => client.#handle(decodeFrameBody(body)),
      closed: () => {
        client.#stopTimers();
        events.closed?.();
      },
    });
    return client;
  }

  /** Resolves with the time of the first login when the server has accepted it. A rejection closes the connection. */
  async login(firstLoginTime = 0): Promise<number> {
    const answered = new Promise<number>((resolve) => {
      this.#onLogin = resolve;
    });
    const content = JSON.stringify({ loginUserId: this.userId, loginToken: 't', firstLoginTime });
    this.#write({ type: PacketType.Login, dataContent: content, to: '0' });
    const answeredTime = await answered;
    this.#answeredAt = performance.now();
    this.#timers = [
      setInterval(
        () => this.#write({ type: PacketType.KeepAlive, dataContent: '{}', to: '0' }),
        KEEP_ALIVE_MS,
      ),
      setInterval(() => {
        if (performance.now() - this.#answeredAt > this.#silentMs) this.close();
      }, LOOK_MS),
    ];
    return answeredTime;
  }

  send(to: string, content: string, fingerprint: string, typeu = -1): void {
    this.#write({ type: PacketType.Data, dataContent: content, to, fp: fingerprint, typeu });
  }

  close(): void {
    this.#stopTimers();
    this.#link?.close();
  }

  #stopTimers(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  #handle(packet: Packet): void {
    if (packet.QoS && packet.fp !== undefined) {
      this.#write({ type: PacketType.Acknowledgement, dataContent: packet.fp, to: packet.from ?? '0' });
    }
    if (packet.type === PacketType.LoginResponse) this.#loggedIn(packet);
    else if (packet.type === PacketType.KeepAliveResponse) this.#answeredAt = performance.now();
    else if (packet.type === PacketType.KickOut) this.#events.kicked?.(numberIn(packet, 'code'));
    else if (packet.type === PacketType.Data) this.#onMessage(packet);
    else if (packet.type === PacketType.Acknowledgement) this.#onAcknowledged(packet.dataContent ?? '');
    else if (packet.type === PacketType.ErrorResponse) this.#failed(packet);
  }

  #loggedIn(packet: Packet): void {
    if (numberIn(packet, 'code') === CODE_OK) this.#onLogin(numberIn(packet, 'firstLoginTime'));
    else this.close();
  }

  #failed(packet: Packet): void {
    if (numberIn(packet, 'errorCode') === CODE_SERVER_SAYS_NOT_LOGGED_IN) this.close();
  }

  #write(fields: { type: number; dataContent: string; to: string; fp?: string; typeu?: number }): void {
    const { type, dataContent, to, fp, typeu = -1 } = fields;
    const from = this.userId;
    const QoS = fp !== undefined;
    const text = JSON.stringify({ bridge: false, type, dataContent, from, to, fp, QoS, typeu, sm: -1 });
    this.#link?.write(encodeUtf8(text));
  }
}

function numberIn({ dataContent = '{}' }: Packet, field: string): number {
  return Number((JSON.parse(dataContent) as Readonly<Record<string, unknown>>)[field] ?? 0);
}
