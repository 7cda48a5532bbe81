import { encodePacket } from '../encode.js';
import { type Packet, UNSET_NUMBER } from '../packet.js';
import { ExtensionType } from './extension-type.js';
import {
  type CloseLogPacket,
  type PositionPacket,
  type RejectedPacket,
  readPosition,
  readRejected,
  readSkip,
  readStored,
  readSync,
  type SkipPacket,
  type StoredPacket,
  type SyncPacket,
} from './log-packets.js';
import type { InvalidMember } from './members.js';
import {
  type AnswerPacket,
  type FailurePacket,
  type RequestPacket,
  readAnswer,
  readRequest,
} from './request-packets.js';
import {
  type HeadsPacket,
  type MarkNoticePacket,
  type MarkPacket,
  readHeads,
  readMark,
  readMarkNotice,
  readSignal,
  readSignalNotice,
  type SignalNoticePacket,
  type SignalPacket,
} from './signal-packets.js';

/** A packet of the extension to the server. */
export type ClientExtensionPacket =
  | PositionPacket
  | SyncPacket
  | CloseLogPacket
  | SignalPacket
  | MarkPacket
  | RequestPacket;

/** A packet of the extension to the client. */
export type ServerExtensionPacket =
  | StoredPacket
  | SkipPacket
  | SignalNoticePacket
  | MarkNoticePacket
  | AnswerPacket
  | FailurePacket
  | HeadsPacket
  | RejectedPacket;

/** Who a packet of the extension is from and to. */
export interface Envelope {
  readonly from: string;
  readonly to: string;
  /** Server time, -1 if the server does not set it. Default: -1. */
  readonly sm?: number;
}

/**
 * Reads a packet of the extension from a client: types 1000 to 1004. Returns undefined for any other type, which the server
 * ignores if it is 1000 or more.
 *
 * @see docs/protocol/SPEC.md#124-new-packet-types
 */
export function readClientExtensionPacket({
  type,
  x,
}: Pick<Packet, 'type' | 'x'>): ClientExtensionPacket | InvalidMember | undefined {
  switch (type) {
    case ExtensionType.Position:
      return readPosition(x);
    case ExtensionType.Sync:
      return readSync(x);
    case ExtensionType.Signal:
      return readSignal(x);
    case ExtensionType.Mark:
      return readMark(x);
    case ExtensionType.Request:
      return readRequest(x);
    default:
      return undefined;
  }
}

/**
 * Reads a packet of the extension from a server: types 1100 to 1106. Returns undefined for any other type, which the client
 * ignores if it is 1000 or more.
 */
export function readServerExtensionPacket({
  type,
  x,
}: Pick<Packet, 'type' | 'x'>): ServerExtensionPacket | InvalidMember | undefined {
  switch (type) {
    case ExtensionType.Stored:
      return readStored(x);
    case ExtensionType.Skip:
      return readSkip(x);
    case ExtensionType.SignalNotice:
      return readSignalNotice(x);
    case ExtensionType.MarkNotice:
      return readMarkNotice(x);
    case ExtensionType.Answer:
      return readAnswer(x);
    case ExtensionType.Heads:
      return readHeads(x);
    case ExtensionType.Rejected:
      return readRejected(x);
    default:
      return undefined;
  }
}

/** Encodes a packet of the extension. `key`: only from a client over UDP, see {@link createSessionKey}. */
export function encodeExtensionPacket(
  packet: ClientExtensionPacket | ServerExtensionPacket,
  { from, to, sm = UNSET_NUMBER }: Envelope,
  key?: string,
): string {
  const base = encodePacket({
    type: packet.type,
    dataContent: undefined,
    from,
    to,
    fp: undefined,
    QoS: false,
    typeu: UNSET_NUMBER,
    bridge: false,
    sm,
  });
  return withExtension(base, JSON.stringify({ ...membersOf(packet), a: key }));
}

/**
 * Adds the member `x` to a frame that has none: the last `}` is replaced. Both arguments are texts, or both are UTF-8 bytes,
 * as are texts without other characters than ASCII. `frame` must be what {@link encodePacket} writes, as the frame bodies in
 * stores are: anything else, for example with white space at the end, yields an invalid frame.
 */
export function withExtension(frame: string, x: string): string {
  return `${frame.slice(0, -1)},"x":${x}}`;
}

/** The member `x` of a packet. */
function membersOf(packet: ClientExtensionPacket | ServerExtensionPacket): object {
  switch (packet.type) {
    case ExtensionType.Position:
      return { log: packet.log, s: packet.position };
    case ExtensionType.Sync:
      if ('closes' in packet) return { log: packet.closes, close: true };
      return { log: packet.log, after: packet.after };
    case ExtensionType.Signal:
      return { k: packet.kind, on: packet.on };
    case ExtensionType.Mark:
      return { read: packet.read, muted: packet.mutedUntil };
    case ExtensionType.Request: {
      const { number, operation, conversation, before, limit, parameters } = packet;
      return { ...parameters, q: number, op: operation, c: conversation, before, limit };
    }
    case ExtensionType.Stored:
      return { fp: packet.fingerprint, s: packet.position, i: packet.messageId, t: packet.serverTime };
    case ExtensionType.Skip:
      return { log: packet.log, from: packet.from, to: packet.to, why: packet.reason };
    case ExtensionType.SignalNotice:
      return { k: packet.kind, on: packet.on, t: packet.serverTime, c: packet.conversation };
    case ExtensionType.MarkNotice:
      return { read: packet.read, got: packet.received, muted: packet.mutedUntil, c: packet.conversation };
    case ExtensionType.Answer:
      if ('code' in packet) return { q: packet.number, code: packet.code };
      return { q: packet.number, items: packet.items, more: packet.hasMore };
    case ExtensionType.Heads:
      return { heads: Object.fromEntries(packet.heads) };
    case ExtensionType.Rejected:
      return { fp: packet.fingerprint, code: packet.code };
    default:
      return packet satisfies never;
  }
}
