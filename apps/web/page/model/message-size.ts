/** Maximum size of a packet that the client sends and the server accepts over WebSocket, in bytes. */
const MAX_PACKET_BYTES = 65_536;

/** Bytes for everything in a packet but the text and the two user ids. They take about 140. */
const RESERVED_BYTES = 256;

/** Share of the limit from which the size is shown. */
const NEAR = 0.9;

/** The size of a text in a packet, and its limit, in bytes. */
export interface MessageSize {
  readonly bytes: number;
  readonly limit: number;
  readonly fits: boolean;
  /** Whether it is so near to the limit, or beyond it, that the user should see it. */
  readonly isNear: boolean;
}

/** Returns the size of a text that one user sends to another. */
export function messageSize(text: string, from: string, to: string): MessageSize {
  const limit = MAX_PACKET_BYTES - RESERVED_BYTES - bytesOf(from) - bytesOf(to);
  const bytes = bytesOf(text);
  return { bytes, limit, fits: bytes <= limit, isNear: bytes > NEAR * limit };
}

/** Bytes of a text in a packet: UTF-8, with the escapes of JSON. */
function bytesOf(text: string): number {
  return new TextEncoder().encode(JSON.stringify(text)).length - 2;
}
