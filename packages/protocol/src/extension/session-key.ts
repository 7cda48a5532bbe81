import type { Random } from '../clock.js';

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Length of a session's key: 11 digits of 6 bits, that is 8 bytes. */
export const SESSION_KEY_LENGTH = 11;

/**
 * Creates the key of a negotiated session over UDP. The server gives it in the login's answer, and the client repeats it in
 * `x.a` of each datagram: who forges the client's address and cannot read its traffic does not know it.
 *
 * A session has one key: the answer to a repeated login has the same one, because the client ignores a second answer.
 *
 * @param random must be cryptographic, or who knows some keys can compute others.
 */
export function createSessionKey(random: Random): string {
  let key = '';
  for (let i = 0; i < SESSION_KEY_LENGTH; i++) key += DIGITS[Math.floor(random() * DIGITS.length)];
  return key;
}

/** Returns whether the member `x` of a datagram has the key. Takes the same time for all wrong keys of its length. */
export function hasSessionKey(x: unknown, key: string): boolean {
  const given = typeof x === 'object' && x !== null && 'a' in x ? x.a : undefined;
  if (typeof given !== 'string' || given.length !== key.length) return false;
  let difference = 0;
  for (let i = 0; i < key.length; i++) difference |= given.charCodeAt(i) ^ key.charCodeAt(i);
  return difference === 0;
}
