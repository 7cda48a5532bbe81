import { decodePacket } from '@imcore/protocol';
import type { OutgoingMessage, RestoredMessage } from '../outgoing.js';
import { utf8Length } from '../utf8-length.js';
import type { StoredEntry } from './outbox-storage.js';

/** What an outbox keeps of a message: when it was sent, and the packet as it is written. */
export function outboxValue({ queuedAt, frame }: OutgoingMessage): string {
  return `${queuedAt} ${frame}`;
}

/**
 * The message of an entry, with as much of `timeoutMs` left as has not passed since it was sent.
 *
 * @throws ProtocolError for what is none.
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
