import { type DuplicateLoginDecision, KickOutCode } from '@imcore/protocol';
import { decideLogin } from '../users/login-order.js';

/** A device of a user. */
export interface DeviceKey {
  readonly userId: string;
  /** `""` for all sessions of v6 clients. */
  readonly deviceId: string;
}

/** A session of a device, as its node announces it. */
export interface SessionClaim extends DeviceKey {
  /** The `firstLoginTime` that counts, in milliseconds since 1970. */
  readonly firstLoginTime: number;
  /**
   * Names the session. Grows with each session of a node and of a device; roughly the time of the login in milliseconds. Even
   * after a first login, odd if the client has come back.
   */
  readonly stamp: number;
}

/** The claim of a node that it has the session of a device. */
export interface Claim extends SessionClaim {
  readonly nodeId: string;
  /** Which process of that name: a successor has a larger number. */
  readonly life: number;
}

/** Stands for the session ID of another node: earlier than all of this node, which begin at 1. */
const SESSION_ELSEWHERE = 0;

/**
 * Returns whether `claim` wins over `other`, a claim of the same device. The order is total, so that all nodes come to the same
 * winner. It is the protocol's rule for duplicate logins, for named devices as well.
 */
export function winsOver(claim: Claim, other: Claim): boolean {
  if (claim.firstLoginTime !== other.firstLoginTime) return claim.firstLoginTime > other.firstLoginTime;
  if (claim.stamp !== other.stamp) return claim.stamp > other.stamp;
  return claim.nodeId > other.nodeId;
}

/**
 * The code of the kick-out that ends a session; undefined if the session is closed without one: its own client is back. Two first
 * logins are those of two clients, also if two nodes have accepted them in the same millisecond.
 */
export function kickOutOf(loser: Claim, winner: Claim): number | undefined {
  const isSameLogin =
    loser.firstLoginTime === winner.firstLoginTime && !(isOfFirstLogin(loser) && isOfFirstLogin(winner));
  return isSameLogin ? undefined : KickOutCode.DuplicateLogin;
}

/**
 * Decides between a session at another node and a new login here of the same device, as `decideLogin` decides between two
 * sessions of one node. Never returns `end-new`.
 */
export function decideAgainstClaim(
  claim: Claim,
  sent: number,
  sessionId: number,
  latest: number,
  wallTime: number,
): DuplicateLoginDecision | 'end-new' {
  const { firstLoginTime: time } = claim;
  const old = { sent: time, time, sessionId: SESSION_ELSEWHERE };
  return decideLogin(sent, sessionId, old, Math.max(latest, time), wallTime);
}

/**
 * Returns the stamp of a new claim. `ownLast`: the last one of this node; `known`: that of the device's claim; 0 for none.
 * `isFirstLogin`: the client has not come back with an earlier `firstLoginTime`.
 */
export function nextStamp(wallTime: number, ownLast: number, known: number, isFirstLogin: boolean): number {
  const stamp = Math.max(wallTime, ownLast + 1, known + 1);
  return isOfFirstLogin({ stamp }) === isFirstLogin ? stamp : stamp + 1;
}

function isOfFirstLogin({ stamp }: Pick<SessionClaim, 'stamp'>): boolean {
  return stamp % 2 === 0;
}

/**
 * A 32-bit hash of a session, from 0 on. A digest of many is their XOR. All nodes of a cluster must compute the same one: to
 * change it, change the version of the frames.
 */
export function hashOf(userId: string, deviceId: string, stamp: number): number {
  let hash = addText(addText(0x811c9dc5, userId), deviceId);
  hash = scramble(hash ^ (stamp % 0x1_0000_0000));
  return scramble(hash ^ Math.floor(stamp / 0x1_0000_0000)) >>> 0;
}

function addText(start: number, text: string): number {
  let hash = Math.imul(start ^ text.length, 0x01000193);
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function scramble(value: number): number {
  let bits = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
