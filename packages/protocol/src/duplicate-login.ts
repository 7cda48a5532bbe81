/** What happens when a user who is online logs in again. */
export type DuplicateLoginDecision =
  /** The old session is kicked out; the new one is accepted. */
  | 'kick-old'
  /** The same client has reconnected: the old session is closed without a kick-out, the new one is accepted. */
  | 'replace-old'
  /** The new client did not receive its earlier kick-out: it is kicked out again, the old session stays. */
  | 'kick-new';

/**
 * Decides between an online session and a new login of the same user.
 *
 * `sent`: the `firstLoginTime` in the new login. `kept`: the `firstLoginTime` of the online session.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export function decideDuplicateLogin(sent: number, kept: number): DuplicateLoginDecision {
  if (sent <= 0 || sent > kept) return 'kick-old';
  return sent === kept ? 'replace-old' : 'kick-new';
}
