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

/** Receives the events of a peer. */
interface LoadPeerHandler {
  /** A data packet arrived. It is already acknowledged. */
  received(packet: Packet): void;
  /** The packet with this fingerprint was acknowledged. */
  acknowledged(fingerprint: string): void;
  /** The link closed, or the server sent an error. */
  failed(reason: string): void;
}

/**
 * A user of a load test. It logs in, acknowledges every message and sends each message once. It never retransmits and never
 * suppresses duplicates, so that errors of the server are visible.
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
        this.#fail(`${this.userId}: the server sent type ${packet.type}: ${packet.dataContent ?? ''}`);
        return;
      default:
    }
  }

  closed(error?: Error): void {
    if (this.#state === 'ended') return;
    this.#fail(`${this.userId}: the connection closed${error === undefined ? '' : `: ${error.message}`}`);
  }

  #loginAnswered(code: number): void {
    if (code !== 0) {
      this.#fail(`${this.userId}: the login was rejected with code ${code}`);
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
