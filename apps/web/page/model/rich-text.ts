/** A part of a message: plain text, or a link. */
type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

/** Only http and https become links, never `javascript:` and the like. */
const ADDRESS = /\bhttps?:\/\/[^\s<>"'“”‘’«»「」『』【】（），。！？；：、]+/giu;
/** Punctuation that ends a sentence and is not part of the URL. */
const PUNCTUATION = '.,;:!?*_~…';
const OPENING: Readonly<Record<string, string>> = { ')': '(', ']': '[' };

/** Splits a message into text and links. The concatenated parts equal the message. */
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

/** Removes trailing punctuation, and trailing closing brackets whose opening bracket is not in the URL. */
function withoutTail(address: string): string {
  const counts = new Map<string, number>();
  for (const character of address) counts.set(character, (counts.get(character) ?? 0) + 1);
  const count = (character: string) => counts.get(character) ?? 0;
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

/** Returns whether a message consists of one to three emoji, which are displayed large. */
export function isFewEmoji(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed.length > 40 || !EMOJI.test(trimmed)) return false;
  const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return [...segmenter.segment(trimmed)].filter(({ segment }) => segment.trim() !== '').length <= MOST_LARGE;
}
