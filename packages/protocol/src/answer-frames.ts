import type { BinaryString } from './binary-string.js';
import { keepAliveResponsePacket, type LoginResponse, loginResponsePacket } from './control.js';
import { encodeFrameBody } from './encode.js';

/** User ids that are written to a frame unchanged: printable ASCII without characters that JSON escapes. */
const PLAIN_ID = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * Encodes the frame body of a login response (type 50). An accepted login is encoded without a packet object: after a
 * restart a server writes one for every user at once.
 */
export function loginResponseFrame(
  { code, firstLoginTime, x }: LoginResponse,
  to: string,
  sm: number,
): BinaryString {
  if (code !== 0 || x !== undefined || !PLAIN_ID.test(to))
    return encodeFrameBody({ ...loginResponsePacket({ code, firstLoginTime, x }, to), sm });
  return `{"bridge":false,"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":${firstLoginTime}}","from":"0","to":"${to}","QoS":false,"typeu":-1,"sm":${sm}}`;
}

/** Encodes the frame body of a keep-alive response (type 51), the most frequent packet of a server with idle users. */
export function keepAliveResponseFrame(to: string, sm: number): BinaryString {
  if (!PLAIN_ID.test(to)) return encodeFrameBody({ ...keepAliveResponsePacket(to), sm });
  return `{"bridge":false,"type":51,"dataContent":"{}","from":"0","to":"${to}","QoS":false,"typeu":-1,"sm":${sm}}`;
}
