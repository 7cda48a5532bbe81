import type { Packet } from '../packet.js';
import { type DevicePacket, type LogPacket, membersOfDevicePacket, readLogPacket } from './device-packets.js';
import { type Envelope, encodeExtension } from './extension-frame.js';
import { ExtensionType } from './extension-type.js';
import { type CloseLogPacket, readPosition, readSync } from './log-packets.js';
import type { InvalidMember } from './members.js';
import { readRequest } from './request-packets.js';
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
export type ClientExtensionPacket = DevicePacket | CloseLogPacket | SignalPacket | MarkPacket;

/** A packet of the extension to the client. */
export type ServerExtensionPacket = LogPacket | SignalNoticePacket | MarkNoticePacket | HeadsPacket;

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
    case ExtensionType.SignalNotice:
      return readSignalNotice(x);
    case ExtensionType.MarkNotice:
      return readMarkNotice(x);
    case ExtensionType.Heads:
      return readHeads(x);
    default:
      return readLogPacket({ type, x });
  }
}

/** Encodes a packet of the extension. `key`: only from a client over UDP, see {@link createSessionKey}. */
export function encodeExtensionPacket(
  packet: ClientExtensionPacket | ServerExtensionPacket,
  envelope: Envelope,
  key?: string,
): string {
  return encodeExtension(packet.type, { ...membersOf(packet), a: key }, envelope);
}

/** The member `x` of a packet. */
function membersOf(packet: ClientExtensionPacket | ServerExtensionPacket): object {
  switch (packet.type) {
    case ExtensionType.Position:
    case ExtensionType.Request:
      return membersOfDevicePacket(packet);
    case ExtensionType.Sync:
      if ('closes' in packet) return { log: packet.closes, close: true };
      return membersOfDevicePacket(packet);
    case ExtensionType.Signal:
      return { k: packet.kind, on: packet.on };
    case ExtensionType.Mark:
      return { read: packet.read, muted: packet.mutedUntil };
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
