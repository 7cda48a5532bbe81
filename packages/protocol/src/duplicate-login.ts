/** What happens to two sessions of one user. */
export type DuplicateLoginDecision =
  /** The newcomer takes the place; the old session is told so and closed. */
  | 'kick-old'
  /** The same client has come back: it takes the place, the old session is closed without a word. */
  | 'replace-old'
  /** The newcomer has missed its own kick-out: it is told so and closed, the old session stays. */
  | 'kick-new';

/**
 * Decides between a session that is online and one that logs in as the same user.
 *
 * `sent` is the `firstLoginTime` that the newcomer sent, `kept` the one of the session that is online.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export function decideDuplicateLogin(sent: number, kept: number): DuplicateLoginDecision {
  if (sent <= 0 || sent > kept) return 'kick-old';
  return sent === kept ? 'replace-old' : 'kick-new';
}
