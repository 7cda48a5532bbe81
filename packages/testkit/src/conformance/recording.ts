import type { TransportKind } from '@imcore/protocol';
import { isObject, type JsonObject, objectsOf, requireNumber, requireObject, requireText } from './json.js';

/** The end of a connection that did something. */
type Side = 'client' | 'server';

interface EntryBase {
  /** Milliseconds since the conversation began. */
  readonly atMs: number;
  /** The connection's name, such as `tcp#1`. */
  readonly connection: string;
  readonly transport: TransportKind;
}

/** An event between a client and the original server. */
export type RecordedEntry = EntryBase &
  (
    | { readonly kind: 'open' }
    | { readonly kind: 'close'; readonly by: Side }
    | {
        readonly kind: 'frame';
        readonly by: Side;
        /** The packet's text. */
        readonly body: string;
        /** TCP only, the first frame each way: header and body as hexadecimal digits. */
        readonly wholeFrameHex: string | undefined;
      }
    /** The head of a WebSocket handshake. */
    | { readonly kind: 'handshake'; readonly by: Side; readonly head: readonly string[] }
    /** A WebSocket close frame: its payload as hexadecimal digits. */
    | { readonly kind: 'close-frame'; readonly by: Side; readonly hex: string }
  );

/** A frame among the entries of a recording. */
export type RecordedFrame = Extract<RecordedEntry, { readonly kind: 'frame' }>;

/** A callback of the original server, or of ours in the same format. */
export interface ServerCallback extends JsonObject {
  /** The callback: `verify`, `online`, `c2c`, … */
  readonly ev: string;
}

/** A callback with its time, in milliseconds since the recording began. */
export interface TimedCallback {
  readonly atMs: number;
  readonly callback: ServerCallback;
}

/** A message in one of the bridge's two queues. */
export interface QueuedPayload {
  readonly atMs: number;
  readonly queue: 'q_app2web' | 'q_web2app';
  readonly payload: string;
}

/**
 * A recorded conversation of original clients with the original server.
 *
 * @see docs/protocol/vectors/README.md
 */
export interface Recording {
  /** The name of its file, such as `tcp-login-ok`. It is a suffix of the users' ids. */
  readonly name: string;
  /** Whether only the first entries were kept. */
  readonly isTruncated: boolean;
  /** In the order in which they were recorded. */
  readonly entries: readonly RecordedEntry[];
  readonly callbacks: readonly TimedCallback[];
  /** Empty unless the bridge was enabled. */
  readonly queue: readonly QueuedPayload[];
}

/**
 * Parses a recording's JSON text.
 *
 * Callbacks from before the beginning of the conversation are left out: they belong to another one, which the recorder
 * could not distinguish by the fingerprint alone.
 *
 * @throws TypeError naming the member that is invalid.
 * @see docs/protocol/vectors/README.md
 */
export function parseRecording(text: string): Recording {
  const root = requireObject(JSON.parse(text), 'a recording');
  return {
    name: `${requireText(root, 'transport')}-${requireText(root, 'scenario')}`,
    isTruncated: root['truncated'] !== undefined,
    entries: objectsOf(root, 'frames').map(toEntry),
    callbacks: objectsOf(root, 'serverCallbacks')
      .map((member) => ({ atMs: requireNumber(member, 'ms'), callback: toCallback(member) }))
      .filter(({ atMs }) => atMs >= 0),
    queue: objectsOf(root, 'queue').map(toQueued),
  };
}

function toEntry(member: JsonObject): RecordedEntry {
  const base: EntryBase = {
    atMs: requireNumber(member, 'ms'),
    connection: requireText(member, 'conn'),
    transport: toTransport(requireText(member, 'transport')),
  };
  if (member['event'] === 'open') return { ...base, kind: 'open' };
  if (member['event'] === 'close') return { ...base, kind: 'close', by: toSide(requireText(member, 'by')) };
  const by = requireText(member, 'dir') === 'c2s' ? 'client' : 'server';
  if (member['event'] === 'ws close')
    return { ...base, kind: 'close-frame', by, hex: requireText(member, 'hex') };
  if (member['event'] === 'http') return { ...base, kind: 'handshake', by, head: toLines(member['head']) };
  const wholeFrameHex =
    member['wholeFrameHex'] === undefined ? undefined : requireText(member, 'wholeFrameHex');
  return { ...base, kind: 'frame', by, body: requireText(member, 'body'), wholeFrameHex };
}

function toCallback(member: JsonObject): ServerCallback {
  const { ms: _ms, ...fields } = member;
  return { ...fields, ev: requireText(member, 'ev') };
}

function toQueued(member: JsonObject): QueuedPayload {
  const queue = requireText(member, 'queue');
  if (queue !== 'q_app2web' && queue !== 'q_web2app') throw new TypeError(`queue ${queue} is unknown`);
  return { atMs: requireNumber(member, 'ms'), queue, payload: requireText(member, 'payload') };
}

function toTransport(name: string): TransportKind {
  if (name === 'ws') return 'websocket';
  if (name === 'tcp' || name === 'udp') return name;
  throw new TypeError(`transport ${name} is unknown`);
}

function toSide(name: string): Side {
  if (name === 'client' || name === 'server') return name;
  throw new TypeError(`a connection was closed by ${name}`);
}

function toLines(head: unknown): string[] {
  if (!Array.isArray(head)) throw new TypeError('member head is not an array');
  return head.map(String);
}

/** Whether an entry is a frame, of one side where that is given. */
export function isFrame(entry: RecordedEntry, by?: Side): entry is RecordedFrame {
  return entry.kind === 'frame' && (by === undefined || entry.by === by);
}

/** The packet of a frame body as plain JSON; an empty object where it is invalid. */
export function packetOf(body: string): JsonObject {
  try {
    const packet: unknown = JSON.parse(body);
    return isObject(packet) ? packet : {};
  } catch {
    return {};
  }
}

/** The names of the connections, in the order in which they begin. */
export function connectionsOf({ entries }: Recording): Set<string> {
  return new Set(entries.map(({ connection }) => connection));
}

/** The instant of the last entry or callback. */
export function endOf({ entries, callbacks }: Recording): number {
  return Math.max(0, ...entries.map(({ atMs }) => atMs), ...callbacks.map(({ atMs }) => atMs));
}
