import { printableLine } from '@imcore/server/ports';
import { printableText } from '../terminal/printable-text.js';
import type { Style } from '../terminal/style.js';
import type { Delivery, Entry } from './transcript.js';

/** Further lines of a message are indented like its text, so that they cannot imitate a mark. */
const INDENT = '\n  ';

/**
 * Formats an entry: a mark of one column, a space, then the user and the text.
 *
 * Control characters from other users and the server are escaped.
 */
export function formatEntry(entry: Entry, style: Style): string {
  switch (entry.kind) {
    case 'incoming':
      return `  ${style.name(`${printableLine(entry.from)}:`)} ${body(entry.text)}`;
    case 'outgoing': {
      const text = `to ${printableLine(entry.to)}: ${body(entry.text)}`;
      const reason =
        entry.delivery.state === 'failed'
          ? style.bad(`\n  not delivered: ${body(entry.delivery.reason)}`)
          : '';
      return `${mark(entry.delivery, style)} ${entry.delivery.state === 'waiting' ? style.faint(text) : text}${reason}`;
    }
    case 'notice':
      return style[entry.tone === 'info' ? 'faint' : entry.tone](`* ${body(entry.text)}`);
    default:
      return entry satisfies never;
  }
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
