import { printableLine } from '@imcore/server/ports';
import { printableText } from '../terminal/printable-text.js';
import type { Style } from '../terminal/style.js';
import { formatTime } from './format-time.js';
import type { Delivery, Entry } from './transcript.js';

/** Further lines of a message are indented like its text, so that they cannot imitate a mark. */
const INDENT = '\n  ';
/** The mark of messages from the history. */
const EARLIER = '·';

/**
 * Formats an entry: a mark of one column, a space, the time of the server if it is known, then the user and the text.
 *
 * Control characters from other users and the server are escaped. `now`: milliseconds since 1970.
 */
export function formatEntry(entry: Entry, style: Style, now: number): string {
  switch (entry.kind) {
    case 'incoming': {
      const name = style.name(`${printableLine(entry.from)}:`);
      const mark = entry.isEarlier === true ? style.faint(EARLIER) : ' ';
      return `${mark} ${time(entry.at, now, style)}${name} ${body(entry.text)}`;
    }
    case 'own': {
      const mark = entry.isEarlier ? style.faint(EARLIER) : style.good('✓');
      const device = entry.isEarlier ? '' : ' (another device)';
      return `${mark} ${time(entry.at, now, style)}to ${printableLine(entry.to)}${device}: ${body(entry.text)}`;
    }
    case 'outgoing': {
      const { delivery } = entry;
      const text = `to ${printableLine(entry.to)}: ${body(entry.text)}`;
      const at = delivery.state === 'delivered' ? delivery.at : undefined;
      const reason =
        delivery.state === 'failed' ? style.bad(`\n  not delivered: ${body(delivery.reason)}`) : '';
      const line = delivery.state === 'waiting' ? style.faint(text) : text;
      return `${mark(delivery, style)} ${time(at, now, style)}${line}${reason}`;
    }
    case 'notice':
      return style[entry.tone === 'info' ? 'faint' : entry.tone](`* ${body(entry.text)}`);
    default:
      return entry satisfies never;
  }
}

function time(at: number | undefined, now: number, style: Style): string {
  return at === undefined ? '' : style.faint(`${formatTime(at, now)} `);
}

function mark(delivery: Delivery, style: Style): string {
  switch (delivery.state) {
    case 'waiting':
      return style.faint('…');
    case 'delivered':
      return style.good('✓');
    case 'failed':
      return style.bad('✗');
    default:
      return delivery satisfies never;
  }
}

function body(text: string): string {
  return printableText(text).replace(/\n/g, INDENT);
}
