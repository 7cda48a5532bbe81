import { SERVER_ID } from '@imcore/protocol';
import type { HistoryMessage } from '../log-request.js';
import type { MessageFields, OutboxMessage } from '../message.js';
import type { MessageFailure, ViewMessage } from './snapshots.js';

/** A message that has arrived. `now`: the server's time as far as it is known, in milliseconds since 1970. */
export function messageOfEvent(
  message: MessageFields,
  userId: string,
  key: string,
  now: number,
): ViewMessage {
  const { from, to, content, type, fingerprint, id, serverTime } = message;
  const isOwn = message.isOwn ?? false;
  return {
    kind: 'message',
    key,
    id,
    conversation: message.conversation ?? (from === userId ? to : from === '' ? SERVER_ID : from),
    from,
    to,
    content,
    type,
    fingerprint,
    isOwn,
    isCut: false,
    time: serverTime ?? now,
    hasServerTime: serverTime !== undefined,
    delivery: isOwn ? 'stored' : undefined,
    failure: undefined,
  };
}

/** A message of the history. */
export function messageOfHistory(message: HistoryMessage, key: string): ViewMessage {
  const { serverTime, ...fields } = message;
  return {
    ...fields,
    kind: 'message',
    key,
    time: serverTime,
    hasServerTime: true,
    delivery: message.isOwn ? 'stored' : undefined,
    failure: undefined,
  };
}

/** A message that is being sent. */
export function messageToSend(
  message: Omit<OutboxMessage, 'fingerprint'> & { readonly fingerprint: string | undefined },
  from: string,
  key: string,
): ViewMessage {
  const { to, content, type, fingerprint, queuedAt } = message;
  return {
    kind: 'message',
    key,
    id: undefined,
    conversation: to,
    from,
    to,
    content,
    type,
    fingerprint,
    isOwn: true,
    isCut: false,
    time: queuedAt,
    hasServerTime: false,
    delivery: 'sending',
    failure: undefined,
  };
}

/** The code of an error of this package. By its shape, because the view may be in another bundle than the client. */
export function codeOf(error: unknown): string | undefined {
  return textIn(error, 'code');
}

/** Why a message was not sent. */
export function failureOf(error: unknown): MessageFailure {
  return { code: codeOf(error) ?? 'ERR_INVALID_ARGUMENT', serverCode: textIn(error, 'serverCode') };
}

function textIn(value: unknown, name: string): string | undefined {
  const text = (value as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return typeof text === 'string' ? text : undefined;
}
