import type { Packet } from '../packet.js';
import { type Envelope, encodeExtension } from './extension-frame.js';
import { ExtensionType } from './extension-type.js';
import {
  type PositionPacket,
  type RejectedPacket,
  readRejected,
  readSkip,
  readStored,
  type SkipPacket,
  type StoredPacket,
  type SyncPacket,
} from './log-packets.js';
import type { InvalidMember } from './members.js';
import { type AnswerPacket, type FailurePacket, type RequestPacket, readAnswer } from './request-packets.js';

/** What a client with the capability `log` writes. */
export type DevicePacket = PositionPacket | SyncPacket | RequestPacket;

/** What a server writes to a client with the capability `log`. */
export type LogPacket = StoredPacket | SkipPacket | RejectedPacket | AnswerPacket | FailurePacket;

/**
 * Reads a packet that a server writes to a client with the capability `log`: types 1100, 1101, 1104 and 1106. Returns undefined
 * for any other type. A client that has offered no other capability needs no other reader.
 */
export function readLogPacket({
  type,
  x,
}: Pick<Packet, 'type' | 'x'>): LogPacket | InvalidMember | undefined {
  switch (type) {
    case ExtensionType.Stored:
      return readStored(x);
    case ExtensionType.Skip:
      return readSkip(x);
    case ExtensionType.Answer:
      return readAnswer(x);
    case ExtensionType.Rejected:
      return readRejected(x);
    default:
      return undefined;
  }
}

/** Encodes what a client with the capability `log` writes. `key`: only over UDP, see {@link createSessionKey}. */
export function encodeDevicePacket(packet: DevicePacket, envelope: Envelope, key?: string): string {
  return encodeExtension(packet.type, { ...membersOfDevicePacket(packet), a: key }, envelope);
}

/** The member `x` of a packet. */
export function membersOfDevicePacket(packet: DevicePacket): object {
  switch (packet.type) {
    case ExtensionType.Position:
      return { log: packet.log, s: packet.position };
    case ExtensionType.Sync:
      return { log: packet.log, after: packet.after };
    case ExtensionType.Request: {
      const { number, operation, conversation, before, limit, parameters } = packet;
      return { ...parameters, q: number, op: operation, c: conversation, before, limit };
    }
    default:
      return packet satisfies never;
  }
}
