import type { Link, LinkHandler, Transport } from '@imcore/client/node';
import {
  acknowledgementPacket,
  decodePacket,
  encodePacket,
  keepAlivePacket,
  loginPacket,
  logoutPacket,
  type Packet,
  PacketType,
  readLoginResponse,
} from '@imcore/protocol';

/** What a peer tells of its conversation. */
interface LoadPeerHandler {
  /** A data packet came; it is acknowledged already. */
  received(packet: Packet): void;
  /** The server acknowledged a packet of this fingerprint. */
  acknowledged(fingerprint: string): void;
  /** The link ended, or the server refused something. */
  failed(reason: string): void;
}

/**
 * One raw user of a load test: logs in, acknowledges what comes, and sends what it is told, once. It never retransmits
 * and never suppresses copies: what the server does wrong must show.
 */
export class LoadPeer implements LinkHandler {
  readonly userId: string;
  readonly #token: string;
  readonly #handler: LoadPeerHandler;
  readonly #link: Link;
  #state: 'connecting' | 'online' | 'ended' = 'connecting';
  #onReady: { resolve(): void; reject(error: Error): void } | undefined;

  constructor(transport: Transport, userId: string, token: string, handler: LoadPeerHandler) {
    this.userId = userId;
    this.#token = token;
    this.#handler = handler;
    this.#link = transport.connect(this);
  }

  /** Resolves when the login is accepted. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onReady = { resolve, reject };
    });
  }

  send(packet: Packet): void {
    if (this.#state === 'online') this.#link.send(encodePacket(packet));
  }

  keepAlive(): void {
    this.send(keepAlivePacket(this.userId));
  }

  end(): void {
    this.send(logoutPacket(this.userId));
    this.#state = 'ended';
    this.#link.close();
  }

  opened(): void {
    const login = { userId: this.userId, token: this.#token, extra: undefined, firstLoginTime: 0 };
    this.#link.send(encodePacket(loginPacket(login)));
  }

  received(frame: string): void {
    const packet = decodePacket(frame);
    switch (packet.type) {
      case PacketType.Data:
        if (packet.QoS && packet.fp !== undefined)
          this.#link.send(encodePacket(acknowledgementPacket(packet)));
        this.#handler.received(packet);
        return;
      case PacketType.Acknowledgement:
        this.#handler.acknowledged(packet.dataContent ?? '');
        return;
      case PacketType.LoginResponse:
        this.#loginAnswered(readLoginResponse(packet.dataContent).code);
        return;
      case PacketType.ErrorResponse:
      case PacketType.KickOut:
        this.#fail(`${this.userId}: the server answered type ${packet.type}: ${packet.dataContent ?? ''}`);
        return;
      default:
    }
  }

  closed(error?: Error): void {
    if (this.#state === 'ended') return;
    this.#fail(`${this.userId}: the connection ended${error === undefined ? '' : `: ${error.message}`}`);
  }

  #loginAnswered(code: number): void {
    if (code !== 0) {
      this.#fail(`${this.userId}: the login was refused with ${code}`);
      return;
    }
    this.#state = 'online';
    this.#onReady?.resolve();
    this.#onReady = undefined;
  }

  #fail(reason: string): void {
    if (this.#onReady === undefined) this.#handler.failed(reason);
    else this.#onReady.reject(new Error(reason));
    this.#onReady = undefined;
  }
}
