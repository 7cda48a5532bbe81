import { type DuplicateLoginDecision, decideDuplicateLogin } from '@imcore/protocol';

/**
 * How far a client's `firstLoginTime` may be ahead of the clock, in milliseconds: the clock may have been set back, and other
 * servers have clocks of their own. Beyond it, no server gave that time to a client.
 */
const MAX_AHEAD_MS = 24 * 60 * 60 * 1000;

/** The login of an online session, as the next login of the same device is compared with it. */
export interface LoginRecord {
  /** The `firstLoginTime` in the login; 0 or less for a first login. */
  readonly sent: number;
  /** The `firstLoginTime` that counts. */
  readonly time: number;
  /** Logins get these IDs in the order in which `authenticate` is called. */
  readonly sessionId: number;
}

/**
 * Returns the `firstLoginTime` that counts for a login. `latest`: the latest one of the user so far. A login without one gets
 * a later time than all logins before it, also if the clock was set back in between.
 */
export function loginTimeOf(sent: number, latest: number, wallTime: number): number {
  return sent > 0 && isPlausible(sent, latest, wallTime) ? sent : Math.max(wallTime, latest + 1);
}

/**
 * Decides between an online session and a new login of the same device, by the protocol's rule, as if `authenticate` had
 * answered in the order in which it was called. `end-new`: the client has reconnected again since; the new login is an older
 * connection.
 *
 * @see docs/protocol/SPEC.md#4-login
 */
export function decideLogin(
  sent: number,
  sessionId: number,
  old: LoginRecord,
  latest: number,
  wallTime: number,
): DuplicateLoginDecision | 'end-new' {
  const isLater = sessionId > old.sessionId;
  if (sent <= 0) return isLater || old.sent > 0 ? 'kick-old' : 'kick-new';
  if (sent === old.time || sent === old.sent) return isLater ? 'replace-old' : 'end-new';
  return isPlausible(sent, latest, wallTime) ? decideDuplicateLogin(sent, old.time) : 'kick-new';
}

function isPlausible(sent: number, latest: number, wallTime: number): boolean {
  return sent <= Math.max(wallTime, latest) + MAX_AHEAD_MS;
}
