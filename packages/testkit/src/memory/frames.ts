import {
  type BinaryString,
  ProtocolError,
  TCP_HEADER_BYTES,
  TcpFrameReader,
  writeTcpHeader,
} from '@imcore/protocol';

/** A frame body with its length before it, as it is written to a simulated stream. */
export function frame(body: BinaryString): BinaryString {
  const header = new Uint8Array(TCP_HEADER_BYTES);
  writeTcpHeader(header, 0, body.length);
  return String.fromCharCode(...header) + body;
}

/** Cuts the bytes of a simulated stream into frame bodies. */
export class FrameCutter {
  readonly #reader: TcpFrameReader<Buffer>;
  #hasFailed = false;

  constructor(maxBodyBytes: number) {
    this.#reader = new TcpFrameReader(maxBodyBytes, (size) => Buffer.allocUnsafe(size));
  }

  /**
   * Reports each body that these bytes complete until `onBody` returns false. Returns the error of an invalid stream;
   * nothing is read from it afterwards.
   */
  push(bytes: BinaryString, onBody: (body: BinaryString) => boolean): ProtocolError | undefined {
    if (this.#hasFailed) return undefined;
    try {
      this.#reader.push(Buffer.from(bytes, 'latin1'), (source, start, end) =>
        onBody(source.toString('latin1', start, end)),
      );
      return undefined;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#hasFailed = true;
      return error;
    }
  }
}
