import {
  type BinaryString,
  type ErrorResponse,
  echoResponsePacket,
  encodeFrameBody,
  encodePacket,
  errorResponsePacket,
  type KickOut,
  keepAliveResponseFrame,
  keepAliveResponsePacket,
  kickOutPacket,
  type LoginResponse,
  loginResponseFrame,
  loginResponsePacket,
  type Packet,
  ResponseCode,
  UNSET_ID,
  UNSET_NUMBER,
} from '@imcore/protocol';

/** Encodes the server's own packets; with its time in them if `stampServerTime` is set. */
export class Answers {
  readonly #stamp: (() => number) | undefined;

  constructor(stamp: (() => number) | undefined) {
    this.#stamp = stamp;
  }

  /** With a fingerprint, the response asks the peer for an acknowledgement. */
  login(response: LoginResponse, userId: string, fp?: string): BinaryString {
    if (fp === undefined) return loginResponseFrame(response, userId, this.#time());
    return this.#write({ ...loginResponsePacket(response, userId), fp, QoS: true });
  }

  /** With a fingerprint, the response asks the peer for an acknowledgement. */
  keepAlive(userId: string, fp?: string): BinaryString {
    if (fp === undefined) return keepAliveResponseFrame(userId, this.#time());
    return this.#write({ ...keepAliveResponsePacket(userId), fp, QoS: true });
  }

  kickOut(kickOut: KickOut, userId: string): BinaryString {
    return this.#write(kickOutPacket(kickOut, userId));
  }

  echo(echo: Packet): BinaryString {
    return this.#write(echoResponsePacket(echo));
  }

  error(error: ErrorResponse, userId: string | undefined): BinaryString {
    return this.#write(errorResponsePacket(error, userId ?? UNSET_ID));
  }

  /**
   * Error 301. Its text is the rejected packet, as in the original; it is left out if the answer would be longer than
   * `maxBytes`.
   */
  notLoggedIn(packet: Packet, maxBytes: number): BinaryString {
    const errorCode = ResponseCode.ServerSaysNotLoggedIn;
    if (maxBytes > 0) {
      const full = this.error({ errorCode, errorMsg: encodePacket(packet) }, undefined);
      if (full.length <= maxBytes) return full;
    }
    return this.error({ errorCode, errorMsg: undefined }, undefined);
  }

  #write(packet: Packet): BinaryString {
    return encodeFrameBody(this.#stamp === undefined ? packet : { ...packet, sm: this.#stamp() });
  }

  #time(): number {
    return this.#stamp?.() ?? UNSET_NUMBER;
  }
}
