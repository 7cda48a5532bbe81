import { type InvalidMember, MAX_WHOLE, Members } from './members.js';

/** Maximum length of a kind of message, of an encoding and of a key of a push notification, in UTF-16 code units. */
const MAX_WORD_LENGTH = 32;
const MAX_PUSH_KEY_LENGTH = 64;

/** What a change of a message needs: its kind and the message that it changes. */
interface MessageKind {
  /** `edit`, `recall`, or a word of a later version; absent for an ordinary message. */
  readonly kind?: string | undefined;
  /** The id of the message that it changes: always given with `edit` and `recall`. */
  readonly changes?: number | undefined;
  /** `base64`, or a word of a later version; absent for text. */
  readonly encoding?: string | undefined;
}

/** Member `x` of a message (type 2) that a server sends: the entry of a log. */
export interface EntryExtension extends MessageKind {
  /** The entry's position in the log, from 1 on. */
  readonly position: number;
  /** The id of the message, which grows within its conversation, from 1 on. */
  readonly messageId: number;
  /** When the server accepted the message, milliseconds since 1970. */
  readonly serverTime: number;
  /** The group whose own log it is; absent for the log of the user. */
  readonly log?: string | undefined;
}

/** Member `x` of a message (type 2) that a client sends. */
export interface MessageExtension extends MessageKind {
  /** After this time the message need not be delivered any more, in milliseconds. */
  readonly ttlMs?: number | undefined;
  /** For the server's hook for push notifications. */
  readonly push?: PushOptions | undefined;
}

/** What the sender of a message wants of its push notification. */
export interface PushOptions {
  /** Notifications with the same key replace each other; up to 64 characters. */
  readonly key?: string | undefined;
  /** Without a sound. */
  readonly isQuiet?: boolean | undefined;
}

/**
 * Reads the member `x` of a message from the server. Returns undefined if there is none: the message is not in a log.
 *
 * @see docs/protocol/SPEC.md#123-data-packets-and-keep-alives
 */
export function readEntryExtension(x: unknown): EntryExtension | InvalidMember | undefined {
  if (x === undefined) return undefined;
  const members = new Members(x, 'x');
  return members.result({
    position: members.integer('s', 1, MAX_WHOLE),
    messageId: members.integer('i', 1, MAX_WHOLE),
    serverTime: members.integer('t', 0, MAX_WHOLE),
    ...readKind(members),
    log: members.optionalId('log'),
  });
}

/** Reads the member `x` of a message from a client. Returns undefined if there is none. */
export function readMessageExtension(x: unknown): MessageExtension | InvalidMember | undefined {
  if (x === undefined) return undefined;
  const members = new Members(x, 'x');
  const push = members.optionalObject('push');
  return members.result({
    ...readKind(members),
    ttlMs: members.optionalInteger('ttl', 1, MAX_WHOLE),
    push: push && {
      key: push.optionalText('key', 1, MAX_PUSH_KEY_LENGTH),
      isQuiet: push.optionalBoolean('quiet'),
    },
  });
}

/** Encodes the member `x` of an entry: JSON text, for {@link withExtension}. */
export function encodeEntryExtension(entry: EntryExtension): string {
  const { position, messageId, serverTime, kind, changes, encoding, log } = entry;
  const head = `{"s":${position},"i":${messageId},"t":${serverTime}`;
  if (kind === undefined && encoding === undefined && log === undefined) return `${head}}`;
  return `${head},${JSON.stringify({ k: kind, of: changes, enc: encoding, log }).slice(1)}`;
}

/** Encodes the member `x` of a client's message: JSON text, for {@link withExtension}. `key`: see {@link createSessionKey}. */
export function encodeMessageExtension(message: MessageExtension, key?: string): string {
  const { kind, changes, encoding, ttlMs, push } = message;
  return JSON.stringify({
    k: kind,
    of: changes,
    enc: encoding,
    ttl: ttlMs,
    push: push && { key: push.key, quiet: push.isQuiet },
    a: key,
  });
}

function readKind(members: Members): MessageKind {
  const kind = members.optionalText('k', 1, MAX_WORD_LENGTH);
  const needsTarget = kind === 'edit' || kind === 'recall';
  return {
    kind,
    changes: needsTarget ? members.integer('of', 1, MAX_WHOLE) : members.optionalInteger('of', 1, MAX_WHOLE),
    encoding: members.optionalText('enc', 1, MAX_WORD_LENGTH),
  };
}
