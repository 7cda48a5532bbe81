import { type EntryExtension, type Packet, UNSET_ID } from '@imcore/protocol';
import type { MessageFields } from '../message.js';

/** A message of a log. */
export interface Entry {
  readonly packet: Packet;
  readonly extension: EntryExtension;
}

/** Returns what the application gets of an entry. */
export function fieldsOfEntry({ packet, extension }: Entry, userId: string): MessageFields {
  const { from = UNSET_ID, to = UNSET_ID, dataContent = '', typeu: type, fp: fingerprint } = packet;
  const { position, messageId: id, serverTime } = extension;
  const conversation = to === userId ? from : to;
  const isOwn = from === userId;
  return { from, to, content: dataContent, type, fingerprint, id, conversation, serverTime, position, isOwn };
}
