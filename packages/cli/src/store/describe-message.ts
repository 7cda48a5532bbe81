import { decodeFrameBody } from '@imcore/protocol';
import type { DeadLetter, Entry } from '@imcore/server/ports';
import { printableLine } from '@imcore/server/ports';

const SHOWN_CHARACTERS = 60;

/** A message as one line: content shortened, control characters replaced. */
export function describeMessage(message: Entry | DeadLetter): string {
  const { from, to, fingerprint, body } = message;
  const cause = 'cause' in message ? `  ${message.cause} ${timeOf(message.deadLetteredAt)}` : '';
  const content = shortened(printableLine(contentOf(message)));
  const names = `${printableLine(from)} → ${printableLine(to)}`;
  return `${numberOf(message)}  ${timeOf(message.acceptedAt)}  ${names}  ${printableLine(fingerprint)}  ${body.length} B${cause}  ${content}`;
}

/** What a message is listed by: its position in the log, or the number of a dead letter. */
export function numberOf(message: Entry | DeadLetter): number {
  return 'cause' in message ? message.id : message.position;
}

/** A message as JSON, with its full content. */
export function messageAsJson(message: Entry | DeadLetter): string {
  const { body, ...fields } = message;
  return JSON.stringify({ ...fields, bytes: body.length, content: contentOf(message) });
}

/** Formats an instant in UTC, as the log does. */
export function timeOf(instant: number): string {
  const date = new Date(instant);
  return Number.isNaN(date.getTime()) ? `${instant}` : date.toISOString();
}

/** The message's content; the raw body if it cannot be decoded. */
function contentOf({ body }: Entry | DeadLetter): string {
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
