import { decodeFrameBody } from '@imcore/protocol';
import type { DeadLetter, WaitingMessage } from '@imcore/server/ports';
import { printableLine } from '../terminal/printable.js';

const SHOWN_CHARACTERS = 60;

/** One line for a person: content shortened, and nothing in it that a terminal would obey. */
export function describeMessage(message: WaitingMessage | DeadLetter): string {
  const { id, from, to, fingerprint, body } = message;
  const death = 'cause' in message ? `  ${message.cause} ${timeOf(message.deadLetteredAt)}` : '';
  const content = shortened(printableLine(contentOf(message)));
  const names = `${printableLine(from)} → ${printableLine(to)}`;
  return `${id}  ${timeOf(message.acceptedAt)}  ${names}  ${printableLine(fingerprint)}  ${body.length} B${death}  ${content}`;
}

/** All of a message, for programs. */
export function messageAsJson(message: WaitingMessage | DeadLetter): string {
  const { body, ...fields } = message;
  return JSON.stringify({ ...fields, bytes: body.length, content: contentOf(message) });
}

/** The time that instants are shown in is UTC: that of the log. */
export function timeOf(instant: number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? `${instant}` : date.toISOString();
}

/** What cannot be read is shown as it is: a person may see what it was. */
function contentOf({ body }: WaitingMessage): string {
  try {
    return decodeFrameBody(body).dataContent ?? '';
  } catch {
    return Buffer.from(body, 'latin1').toString('utf8');
  }
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > SHOWN_CHARACTERS
    ? `${characters.slice(0, SHOWN_CHARACTERS - 1).join('')}…`
    : text;
}
