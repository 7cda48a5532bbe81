import { decodePacket } from '@imcore/protocol';
import type { OutgoingMessage, RestoredMessage } from '../outgoing.js';
import { utf8Length } from '../utf8-length.js';
import type { StoredEntry } from './outbox-storage.js';

/** Encodes a message as the value of an entry: the send time and the encoded packet. */
export function outboxValue({ queuedAt, frame }: OutgoingMessage): string {
  return `${queuedAt} ${frame}`;
}

/**
 * Decodes the message of an entry. `remainingMs` is `timeoutMs` minus the time since it was sent.
 *
 * @throws ProtocolError if the entry is invalid.
 */
export function restoreMessage(
  { value }: StoredEntry,
  ticket: number,
  wallTime: number,
  timeoutMs: number,
): RestoredMessage {
  const space = value.indexOf(' ');
  const queuedAt = Number(value.slice(0, space));
  const frame = value.slice(space + 1);
  const packet = decodePacket(frame);
  const ageMs = Math.max(0, wallTime - queuedAt) || 0;
  const remainingMs = Math.max(0, timeoutMs - ageMs);
  return { ticket, packet, frame, bytes: utf8Length(frame), queuedAt, remainingMs };
}
