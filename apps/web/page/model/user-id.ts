/** The user id of the server itself. */
export const SERVER_ID = '0';
const NOBODY_ID = '-1';
const MAX_LENGTH = 256;

/** Whether somebody can be called so. @see docs/protocol/SPEC.md#2-packets */
export function isUserId(text: string): boolean {
  return text.length > 0 && text.length <= MAX_LENGTH && text !== SERVER_ID && text !== NOBODY_ID;
}
