/** A piece of a message: text as it is, or an address that can be followed. */
type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

/** Only these schemes become links; nothing that runs in the page does. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'“”‘’«»「」『』【】（），。！？；：、]+/giu;
/** What ends a sentence rather than an address. */
const PUNCTUATION = '.,;:!?*_~…';
const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/** Finds the web addresses in a message. The parts joined are the message. */
export function partsOf(text: string): TextPart[] {
  const parts: TextPart[] = [];
  let end = 0;
  for (const match of text.matchAll(ADDRESS)) {
    const address = withoutTail(match[0]);
    const href = hrefOf(address);
    if (href === undefined) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({ kind: 'link', text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}

/** Without the punctuation after it, and without a closing bracket that was opened before it. */
function withoutTail(address: string): string {
  const counts = new Map<string, number>();
  for (const letter of address) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  const count = (letter: string) => counts.get(letter) ?? 0;
  let end = address.length;
  while (end > 0) {
    const last = address[end - 1] ?? '';
    const opening = OPENING[last];
    const isUnopened = opening !== undefined && count(last) > count(opening);
    if (!isUnopened && !PUNCTUATION.includes(last)) break;
    counts.set(last, count(last) - 1);
    end -= 1;
  }
  return address.slice(0, end);
}

function hrefOf(address: string): string | undefined {
  try {
    const { protocol, href, hostname } = new URL(address);
    return hostname !== '' && (protocol === 'http:' || protocol === 'https:') ? href : undefined;
  } catch {
    return undefined;
  }
}

const EMOJI =
  /^(?:\p{Extended_Pictographic}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200d\ufe0f\u20e3]|\s)+$/u;
const MOST_LARGE = 3;

/** Whether a message is nothing but one to three emoji: those are shown large. */
export function isFewEmoji(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > 40 || !EMOJI.test(trimmed)) return false;
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return [...segmenter.segment(trimmed)].filter(({ segment }) => segment.trim() !== '').length <= MOST_LARGE;
}
