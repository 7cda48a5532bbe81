import type { EntryExtension, Packet } from '@imcore/protocol';
import { fieldsOf } from '../incoming.js';
import type { MessageFields } from '../message.js';

/** A message of a log. */
export interface Entry {
  readonly packet: Packet;
  readonly extension: EntryExtension;
}

/** Returns what the application gets of an entry. */
export function fieldsOfEntry({ packet, extension }: Entry, userId: string): MessageFields {
  const fields = fieldsOf(packet);
  const { from, to } = fields;
  const { position, messageId: id, serverTime } = extension;
  const conversation = to === userId ? from : to;
  return { ...fields, id, conversation, serverTime, position, isOwn: from === userId };
}
