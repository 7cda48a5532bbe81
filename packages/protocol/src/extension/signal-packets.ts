import { ExtensionType } from './extension-type.js';
import { type InvalidMember, isId, MAX_WHOLE, Members } from './members.js';

/** Maximum length of a kind of signal, in UTF-16 code units. */
const MAX_KIND_LENGTH = 32;

/** Maximum number of groups in one packet of heads. */
const MAX_HEADS = 4096;

/** Type 1002, to the receiver in `to`: something that whoever is online learns now, and nobody later. */
export interface SignalPacket {
  readonly type: typeof ExtensionType.Signal;
  /** `typing`, or a word of the application; up to 32 characters. */
  readonly kind: string;
  readonly on?: boolean | undefined;
}

/** Type 1003, about the conversation in `to`. At least one member is given. */
export interface MarkPacket {
  readonly type: typeof ExtensionType.Mark;
  /** Everything up to this message id is read. */
  readonly read?: number | undefined;
  /** No notifications before this time, milliseconds since 1970; 0: not muted. */
  readonly mutedUntil?: number | undefined;
}

/** Type 1102, about the user in `from`. */
export interface SignalNoticePacket {
  readonly type: typeof ExtensionType.SignalNotice;
  /** `typing`, `presence`, or a word of the application; up to 32 characters. */
  readonly kind: string;
  readonly on?: boolean | undefined;
  /** Milliseconds since 1970. */
  readonly serverTime?: number | undefined;
  /** The group; absent between two users. */
  readonly conversation?: string | undefined;
}

/** Type 1103: the marks of the user in `from`. At least one of the marks is given. */
export interface MarkNoticePacket {
  readonly type: typeof ExtensionType.MarkNotice;
  /** Everything up to this message id is read. */
  readonly read?: number | undefined;
  /** A device of the user has everything up to this message id. */
  readonly received?: number | undefined;
  /** Only to the user's own devices. Milliseconds since 1970; 0: not muted. */
  readonly mutedUntil?: number | undefined;
  /** The conversation, if the marks are the receiver's own. */
  readonly conversation?: string | undefined;
}

/** Type 1105: the newest positions of groups that have logs of their own. */
export interface HeadsPacket {
  readonly type: typeof ExtensionType.Heads;
  /** Group id → position. */
  readonly heads: ReadonlyMap<string, number>;
}

/** Reads the member `x` of a signal (type 1002). */
export function readSignal(x: unknown): SignalPacket | InvalidMember {
  const members = new Members(x, 'x');
  return members.result({
    type: ExtensionType.Signal,
    kind: members.text('k', 1, MAX_KIND_LENGTH),
    on: members.optionalBoolean('on'),
  });
}

/** Reads the member `x` of a mark (type 1003). */
export function readMark(x: unknown): MarkPacket | InvalidMember {
  const members = new Members(x, 'x');
  if (!members.has('read') && !members.has('muted')) members.reject('read', 'given, or muted');
  return members.result({
    type: ExtensionType.Mark,
    read: members.optionalInteger('read', 0, MAX_WHOLE),
    mutedUntil: members.optionalInteger('muted', 0, MAX_WHOLE),
  });
}

/** Reads the member `x` of a signal from the server (type 1102). */
export function readSignalNotice(x: unknown): SignalNoticePacket | InvalidMember {
  const members = new Members(x, 'x');
  return members.result({
    type: ExtensionType.SignalNotice,
    kind: members.text('k', 1, MAX_KIND_LENGTH),
    on: members.optionalBoolean('on'),
    serverTime: members.optionalInteger('t', 0, MAX_WHOLE),
    conversation: members.optionalId('c'),
  });
}

/** Reads the member `x` of marks from the server (type 1103). */
export function readMarkNotice(x: unknown): MarkNoticePacket | InvalidMember {
  const members = new Members(x, 'x');
  if (!members.has('read') && !members.has('got') && !members.has('muted'))
    members.reject('read', 'given, or got, or muted');
  return members.result({
    type: ExtensionType.MarkNotice,
    read: members.optionalInteger('read', 0, MAX_WHOLE),
    received: members.optionalInteger('got', 0, MAX_WHOLE),
    mutedUntil: members.optionalInteger('muted', 0, MAX_WHOLE),
    conversation: members.optionalId('c'),
  });
}

/** Reads the member `x` of heads (type 1105). */
export function readHeads(x: unknown): HeadsPacket | InvalidMember {
  const members = new Members(x, 'x');
  const heads = Object.entries(members.object('heads').all);
  const isValid = heads.length <= MAX_HEADS && heads.every(isHead);
  if (!isValid) members.reject('heads', `an object of up to ${MAX_HEADS} group ids and positions`);
  return members.result({ type: ExtensionType.Heads, heads: new Map(heads.filter(isHead)) });
}

function isHead(head: [string, unknown]): head is [string, number] {
  const [id, position] = head;
  return isId(id) && typeof position === 'number' && Number.isSafeInteger(position) && position >= 0;
}
