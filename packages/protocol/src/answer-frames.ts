import type { BinaryString } from './binary-string.js';
import { keepAliveResponsePacket, type LoginResponse, loginResponsePacket } from './control.js';
import { encodeFrameBody } from './encode.js';

/** Ids that stand in a frame as they are: no escapes, one byte a character. */
const PLAIN_ID = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * The frame body of a login's answer. Written without a packet where it is accepted: a server that has just started writes
 * one for each of its users, all at once.
 */
export function loginResponseFrame(
  { code, firstLoginTime }: LoginResponse,
  to: string,
  sm: number,
): BinaryString {
  if (code !== 0 || !PLAIN_ID.test(to))
    return encodeFrameBody({ ...loginResponsePacket({ code, firstLoginTime }, to), sm });
  return `{"bridge":false,"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":${firstLoginTime}}","from":"0","to":"${to}","QoS":false,"typeu":-1,"sm":${sm}}`;
}

/** The frame body of a keep-alive's answer: what a server of idle users writes most. */
export function keepAliveResponseFrame(to: string, sm: number): BinaryString {
  if (!PLAIN_ID.test(to)) return encodeFrameBody({ ...keepAliveResponsePacket(to), sm });
  return `{"bridge":false,"type":51,"dataContent":"{}","from":"0","to":"${to}","QoS":false,"typeu":-1,"sm":${sm}}`;
}
