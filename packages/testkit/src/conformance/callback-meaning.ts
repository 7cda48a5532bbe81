import { canonicalJson, type JsonObject } from './json.js';
import { type Meaning, quote } from './packet-meaning.js';
import type { ServerCallback } from './recording.js';

/** The recorder kept only the beginning and the length of a long text. */
const LONG_TEXT = 100;
const KEPT_TEXT = 40;

/**
 * The members of each callback that are compared. Those that the original does not know are left out: the transport of a
 * session that has ended, the session that a message between users came from.
 */
const MESSAGE = ['from', 'to', 'text', 'fp', 'qos', 'typeu'];
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  verify: ['user', 'token', 'extra', 'code', 'via'],
  online: ['user', 'extra', 'firstLoginTime', 'via'],
  offline: ['user', 'kickCode'],
  'c2s-before': [...MESSAGE, 'session', 'via'],
  c2s: [...MESSAGE, 'session', 'via'],
  'c2s-denied': [...MESSAGE, 'session', 'via'],
  'c2c-denied': MESSAGE,
  c2c: MESSAGE,
  stored: MESSAGE,
  unhandled: MESSAGE,
  'after-bridge': MESSAGE,
  received: ['fp'],
  lost: ['fps'],
  's2c-sent': ['to', 'fp', 'ok'],
  'kick-sent': ['user', 'ok'],
};

interface CallbackMeaning extends Meaning {
  /** Callbacks about the same subject have an order; others have none, because the original uses threads. */
  readonly subject: string;
}

/** The meaning of a callback; `undefined` for one that the recordings never contain. */
export function callbackMeaning(callback: ServerCallback): CallbackMeaning | undefined {
  const members = MEMBERS[callback.ev];
  if (members === undefined) return undefined;
  const fields: Record<string, unknown> = {};
  for (const name of members) fields[name] = callback[name] ?? null;
  const { text } = fields;
  if (typeof text === 'string' && text.length > LONG_TEXT)
    fields['text'] = `${text.slice(0, KEPT_TEXT)}… (${text.length} chars)`;
  return {
    key: `${callback.ev} ${canonicalJson(fields)}`,
    shown: `${callback.ev} ${show(fields)}`.trimEnd(),
    subject: subjectOf(callback),
  };
}

function subjectOf(callback: ServerCallback): string {
  const { ev, user, fp, fps, from, to, text } = callback;
  if (ev === 'received') return `acknowledgement ${String(fp)}`;
  if (ev === 'kick-sent') return `kick ${String(user)}`;
  if (user !== undefined) return `user ${String(user)}`;
  if (Array.isArray(fps)) return `acknowledgement ${fps.map(String).join()}`;
  return `message ${String(fp ?? `${String(from)}>${String(to)} ${String(text)}`)}`;
}

function show(fields: JsonObject): string {
  const parts: string[] = [];
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === false || (name === 'typeu' && value === -1)) continue;
    if (name === 'user') parts.push(String(value));
    else if (name === 'from') parts.push(`${String(value)}>${String(fields['to'] ?? '')}`);
    else if (name === 'to' && fields['from'] !== undefined && fields['from'] !== null) continue;
    else if (name === 'text') parts.push(quote(String(value)));
    else parts.push(value === true ? name : `${name}=${String(value)}`);
  }
  return parts.join(' ');
}
