import { ExtensionType } from './extension-type.js';
import { type InvalidMember, MAX_WHOLE, Members } from './members.js';

/** Maximum length of a reason and of an error code, in UTF-16 code units. */
const MAX_REASON_LENGTH = 32;
const MAX_ERROR_CODE_LENGTH = 64;

/** Type 1000: the device has everything up to a position. */
export interface PositionPacket {
  readonly type: typeof ExtensionType.Position;
  readonly position: number;
  /** The group whose own log it is; absent for the log of the user. */
  readonly log?: string | undefined;
}

/** Type 1001: asks for everything behind a position, and acknowledges what is before it. */
export interface SyncPacket {
  readonly type: typeof ExtensionType.Sync;
  readonly after: number;
  /** The group whose own log is opened or read on; absent for the log of the user. */
  readonly log?: string | undefined;
}

/** Type 1001 that closes the log of a group. */
export interface CloseLogPacket {
  readonly type: typeof ExtensionType.Sync;
  readonly closes: string;
}

/** Type 1100, to the session that sent a message: it is stored. The server passes over `position` in the user's log. */
export interface StoredPacket {
  readonly type: typeof ExtensionType.Stored;
  readonly fingerprint: string;
  readonly position: number;
  readonly messageId: number;
  /** Milliseconds since 1970. */
  readonly serverTime: number;
}

/**
 * Why positions are passed over. `expired`: what was there has waited too long, or was displaced. `trimmed`: the beginning of
 * the log was removed. `too-large`: longer than the session reads. Later versions may have other words.
 */
export type SkipReason = 'expired' | 'trimmed' | 'too-large';

/** Type 1101: the entries from `from` to `to`, both included, will not come. */
export interface SkipPacket {
  readonly type: typeof ExtensionType.Skip;
  readonly from: number;
  readonly to: number;
  /** A {@link SkipReason}, or a word of a later version. */
  readonly reason: string;
  /** The group whose own log it is; absent for the log of the user. */
  readonly log?: string | undefined;
}

/** Type 1106: the message was not accepted. */
export interface RejectedPacket {
  readonly type: typeof ExtensionType.Rejected;
  readonly fingerprint: string;
  /** An error code, in capitals. */
  readonly code: string;
}

/** Reads the member `x` of a position (type 1000). */
export function readPosition(x: unknown): PositionPacket | InvalidMember {
  const members = new Members(x, 'x');
  return members.result({
    type: ExtensionType.Position,
    position: members.position('s'),
    log: members.optionalId('log'),
  });
}

/** Reads the member `x` of a sync (type 1001). */
export function readSync(x: unknown): SyncPacket | CloseLogPacket | InvalidMember {
  const members = new Members(x, 'x');
  const type = ExtensionType.Sync;
  if (members.optionalBoolean('close') === true) return members.result({ type, closes: members.id('log') });
  return members.result({ type, after: members.position('after'), log: members.optionalId('log') });
}

/** Reads the member `x` of a stored message (type 1100). */
export function readStored(x: unknown): StoredPacket | InvalidMember {
  const members = new Members(x, 'x');
  return members.result({
    type: ExtensionType.Stored,
    fingerprint: members.id('fp'),
    position: members.integer('s', 1, MAX_WHOLE),
    messageId: members.integer('i', 1, MAX_WHOLE),
    serverTime: members.integer('t', 0, MAX_WHOLE),
  });
}

/** Reads the member `x` of a skip (type 1101). */
export function readSkip(x: unknown): SkipPacket | InvalidMember {
  const members = new Members(x, 'x');
  const from = members.integer('from', 1, MAX_WHOLE);
  return members.result({
    type: ExtensionType.Skip,
    from,
    to: members.integer('to', from, MAX_WHOLE),
    reason: members.text('why', 1, MAX_REASON_LENGTH),
    log: members.optionalId('log'),
  });
}

/** Reads the member `x` of a rejected message (type 1106). */
export function readRejected(x: unknown): RejectedPacket | InvalidMember {
  const members = new Members(x, 'x');
  return members.result({
    type: ExtensionType.Rejected,
    fingerprint: members.id('fp'),
    code: members.text('code', 1, MAX_ERROR_CODE_LENGTH),
  });
}

/**
 * Reads `last` from the member `x` of a keep-alive response: the position of the newest entry in the user's log. Returns
 * undefined if there is no `x`.
 */
export function readKeepAliveLast(x: unknown): number | InvalidMember | undefined {
  if (x === undefined) return undefined;
  const members = new Members(x, 'x');
  return members.result(members.position('last'));
}

/** Encodes the member `x` of a keep-alive response. */
export function encodeKeepAliveLast(last: number): string {
  return `{"last":${last}}`;
}
