import type { Entry } from '../ports/message-store.js';
import type { DeviceKey, SessionClaim } from './claims.js';
import { Fields } from './frame-fields.js';

/** The first byte of each frame. All versions have `nodeId` and `life` in JSON behind it, so that their nodes can be named. */
export const VERSION = 1;

/** Maximum stamp: later ones must be whole numbers as well. */
const MAX_STAMP = 2 ** 52;

/** Whether a node takes new users. `draining`: it is about to end. */
export type NodeState = 'up' | 'draining';

/** A device whose session has ended (`stamp` is 0), or its newer session. */
export type Change = SessionClaim;

/** The numbers of hint frames to a node: they began after `from`, and the last one was `to`. */
interface HintCount {
  readonly nodeId: string;
  readonly from: number;
  readonly to: number;
}

/** A message that the store has got; or a user for whom it has got messages that are not known. */
export type Hint = Entry | string;

/** Which sessions of a user to end, and how. */
export interface Kick {
  readonly userId: string;
  /** Undefined for all devices. */
  readonly deviceId: string | undefined;
  readonly code: number;
  readonly reason: string | undefined;
  /** Only sessions whose claims have this stamp or an earlier one; undefined for all. */
  readonly upTo: number | undefined;
}

/** What a frame says. {@link FrameHead} says who sends it. */
export type FrameBody =
  /** Sessions have started and ended. `seq` counts these frames from 1 on. */
  | { readonly kind: 'changes'; readonly seq: number; readonly items: readonly Change[] }
  /** Sent each second. `seq`: of the last changes; `digest`: of all sessions after them; `users`: that have them. */
  | {
      readonly kind: 'beat';
      readonly seq: number;
      readonly digest: number;
      readonly users: number;
      readonly state: NodeState;
      readonly store: string;
      readonly items: readonly HintCount[];
    }
  /** Asks for `all`. */
  | { readonly kind: 'ask' }
  /** All sessions after the changes `seq`, in `parts` frames; `part` counts from 0. */
  | {
      readonly kind: 'all';
      readonly seq: number;
      readonly part: number;
      readonly parts: number;
      readonly items: readonly SessionClaim[];
    }
  /** The store has got messages. `n` numbers these frames between two nodes, and the first one is `from + 1`. */
  | { readonly kind: 'hint'; readonly from: number; readonly n: number; readonly items: readonly Hint[] }
  /** Frame bodies of messages without QoS, for users of the receiving node. */
  | { readonly kind: 'pass'; readonly items: readonly string[] }
  /** Asks to end sessions of a user. */
  | (Kick & { readonly kind: 'kick'; readonly id: number })
  /** The answer to `kick`: number of sessions that were ended. */
  | { readonly kind: 'kicked'; readonly id: number; readonly count: number }
  /** Asks for at most `limit` users of a node, in the order of their IDs, after `after`; `""` for the first. */
  | { readonly kind: 'list'; readonly id: number; readonly after: string; readonly limit: number }
  /** The answer to `list`. `hasMore`: there are users after the last of these. */
  | {
      readonly kind: 'listed';
      readonly id: number;
      readonly items: readonly string[];
      readonly hasMore: boolean;
    }
  /** The node has left. */
  | { readonly kind: 'bye' };

/** The sender of a frame. */
export interface FrameHead {
  readonly nodeId: string;
  /** Which process of that name. */
  readonly life: number;
}

/** A frame as it was read. */
export type Frame = FrameHead & FrameBody;

/**
 * Encodes what a node says as one frame or, if it has more items than fit, several: those of `changes` get consecutive `seq`, those
 * of `hint` consecutive `n`, and of `listed` only the first ones are kept. No frame is longer than `maxFrameBytes`, which must
 * be at least 4096.
 */
export function encodeFrames(head: FrameHead, body: FrameBody, maxFrameBytes: number): Uint8Array[] {
  if (!('items' in body)) return [toFrame({ ...head, ...body })];
  const { items, ...fields } = body;
  // Numbers that are still to be set may be longer than these.
  const maxItemBytes = maxFrameBytes - toFrame({ ...head, ...fields, items: [] }).length - 32;
  const groups = group(items.map(toItem), maxItemBytes);
  return groups
    .slice(0, body.kind === 'listed' ? 1 : groups.length)
    .map((texts, index) =>
      toFrame({ ...head, ...fields, ...numbers(body, index, groups.length), items: [] }, texts),
    );
}

/** The fields in which one of several frames differs from the others. */
function numbers(body: FrameBody, index: number, groups: number): object {
  switch (body.kind) {
    case 'changes':
      return { seq: body.seq + index };
    case 'hint':
      return { n: body.n + index };
    case 'all':
      return { part: index, parts: groups };
    case 'listed':
      return { hasMore: body.hasMore || groups > 1 };
    default:
      return {};
  }
}

/** A character takes at most so many bytes in JSON, and the numbers of a hint so many more. */
const MAX_JSON_BYTES = 6;
const MAX_HINT_NUMBERS = 100;

/** Whether a message takes at most so many bytes in a frame. */
export function fitsIntoHint(entry: Entry, maxBytes: number): boolean {
  const { to, from, fingerprint, body } = entry;
  const length = to.length + from.length + fingerprint.length + body.length;
  if (MAX_JSON_BYTES * length + MAX_HINT_NUMBERS <= maxBytes) return true;
  return length <= maxBytes && Buffer.byteLength(toItem(entry)) + 1 <= maxBytes;
}

function toItem(item: string | Entry | HintCount | SessionClaim): string {
  if (typeof item === 'string') return JSON.stringify(item);
  if ('position' in item) {
    const { to, position, id, from, fingerprint, acceptedAt, body, kind } = item;
    const echo = kind === 'echo' ? [1] : [];
    return JSON.stringify([to, position, id, from, fingerprint, Math.trunc(acceptedAt), body, ...echo]);
  }
  if ('to' in item) return JSON.stringify([item.nodeId, item.from, item.to]);
  const { userId, deviceId, firstLoginTime, stamp } = item;
  const device = deviceId === '' ? [] : [deviceId];
  if (stamp === 0) return JSON.stringify([userId, ...device]);
  // Both are about the time of the login: their difference is shorter.
  return JSON.stringify([userId, firstLoginTime, stamp - firstLoginTime, ...device]);
}

/** Splits texts into groups of at most `maxBytes` bytes, commas included. There is at least one group. */
function group(texts: readonly string[], maxBytes: number): string[][] {
  let last: string[] = [];
  const groups = [last];
  let left = maxBytes;
  for (const text of texts) {
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > left && last.length > 0) {
      last = [];
      groups.push(last);
      left = maxBytes;
    }
    last.push(text);
    left -= bytes;
  }
  return groups;
}

/** `items`: JSON texts for the array `items`, which is the last field and is empty in `fields`. */
function toFrame(fields: object, items: readonly string[] = []): Uint8Array {
  const json = JSON.stringify(fields);
  const text = items.length === 0 ? json : `${json.slice(0, -']}'.length)}${items.join(',')}]}`;
  const frame = Buffer.allocUnsafe(1 + Buffer.byteLength(text));
  frame[0] = VERSION;
  frame.write(text, 1);
  return frame;
}

/** What is known of a frame of another version. */
export interface ForeignFrame extends FrameHead {
  readonly kind: 'foreign';
  readonly version: number;
}

/**
 * Reads a frame, and keeps nothing of its bytes. Unknown fields are ignored. Returns `unknown` for a kind that this version does not
 * know, and `unreadable` for bytes that are no frame.
 */
export function decodeFrame(bytes: Uint8Array): Frame | ForeignFrame | 'unknown' | 'unreadable' {
  try {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + 1, bytes.byteLength - 1).toString();
    const fields = new Fields(JSON.parse(text));
    const head = { nodeId: fields.name('nodeId'), life: fields.count('life') };
    const version = bytes[0] ?? 0;
    if (version !== VERSION) return { ...head, kind: 'foreign', version };
    const body = readBody(fields);
    return body === undefined ? 'unknown' : { ...head, ...body };
  } catch {
    return 'unreadable';
  }
}

function readBody(fields: Fields): FrameBody | undefined {
  const kind = fields.text('kind');
  switch (kind) {
    case 'changes':
      return { kind, seq: fields.count('seq'), items: fields.list('items', toChange) };
    case 'beat':
      return {
        ...{ kind, seq: fields.count('seq'), digest: fields.count('digest'), users: fields.count('users') },
        state: fields.text('state') === 'draining' ? 'draining' : 'up',
        store: fields.text('store'),
        items: fields.list('items', toHintCount),
      };
    case 'ask':
    case 'bye':
      return { kind };
    case 'all': {
      const [part, parts] = [fields.count('part'), fields.count('parts')];
      return { kind, seq: fields.count('seq'), part, parts, items: fields.list('items', toChange) };
    }
    case 'hint':
      return { kind, from: fields.count('from'), n: fields.count('n'), items: fields.list('items', toHint) };
    case 'pass':
      return { kind, items: fields.texts('items') };
    case 'kick': {
      const deviceId = fields.has('deviceId') ? fields.text('deviceId') : undefined;
      const reason = fields.has('reason') ? fields.text('reason') : undefined;
      const [userId, code] = [fields.text('userId'), fields.count('code')];
      const upTo = fields.has('upTo') ? fields.count('upTo') : undefined;
      return { kind, id: fields.count('id'), userId, deviceId, code, reason, upTo };
    }
    case 'kicked':
      return { kind, id: fields.count('id'), count: fields.count('count') };
    case 'list':
      return { kind, id: fields.count('id'), after: fields.text('after'), limit: fields.count('limit') };
    case 'listed': {
      const hasMore = fields.flag('hasMore');
      return { kind, id: fields.count('id'), hasMore, items: fields.texts('items') };
    }
    default:
      return undefined;
  }
}

function toHint(item: Fields): Hint {
  if (item.ownText !== undefined) return item.ownText;
  const [position, id, acceptedAt] = [item.count(1), item.count(2), item.integer(5)];
  const [to, from, fingerprint, body] = [item.text(0), item.text(3), item.text(4), item.text(6)];
  return { to, position, id, from, fingerprint, acceptedAt, body, kind: item.has(7) ? 'echo' : 'message' };
}

function toHintCount(item: Fields): HintCount {
  return { nodeId: item.name(0), from: item.count(1), to: item.count(2) };
}

function toChange(item: Fields): Change {
  const userId = item.text(0);
  if (!item.isNumber(1))
    return { userId, deviceId: item.has(1) ? item.text(1) : '', firstLoginTime: 0, stamp: 0 };
  const firstLoginTime = item.integer(1);
  const stamp = firstLoginTime + item.integer(2);
  if (stamp <= 0 || stamp > MAX_STAMP) throw new RangeError(`stamp must be from 1 to ${MAX_STAMP}`);
  return { userId, deviceId: item.has(3) ? item.text(3) : '', firstLoginTime, stamp };
}

/** A session has ended. */
export function goneChange({ userId, deviceId }: DeviceKey): Change {
  return { userId, deviceId, firstLoginTime: 0, stamp: 0 };
}
