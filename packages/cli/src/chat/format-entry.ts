import { printable, printableLine } from '../terminal/printable.js';
import type { Style } from '../terminal/style.js';
import type { Delivery, Entry } from './transcript.js';

/** Rows of a message behind its first stand under its text, not under its mark. */
const INDENT = '\n  ';

/**
 * An entry as it is shown: a mark of one column and a blank, then who and what.
 *
 * Whatever comes from somebody else is made harmless first.
 */
export function formatEntry(entry: Entry, style: Style): string {
  switch (entry.kind) {
    case 'incoming':
      return `  ${style.name(`${printableLine(entry.from)}:`)} ${body(entry.text)}`;
    case 'outgoing': {
      const text = `to ${printableLine(entry.to)}: ${body(entry.text)}`;
      const reason =
        entry.delivery.state === 'failed' ? style.bad(`\n  not delivered: ${entry.delivery.reason}`) : '';
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
  return printable(text).replace(/\n/g, INDENT);
}
