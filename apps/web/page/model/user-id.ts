/** The reserved user id of the server. */
export const SERVER_ID = '0';
const NOBODY_ID = '-1';
const MAX_LENGTH = 256;

/** Returns whether a text is a valid user id. @see docs/protocol/SPEC.md#2-the-packet */
export function isUserId(text: string): boolean {
  return text.length > 0 && text.length <= MAX_LENGTH && text !== SERVER_ID && text !== NOBODY_ID;
}
