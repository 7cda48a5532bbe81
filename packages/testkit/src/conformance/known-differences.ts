import { codeSpans, readTable, requireCell } from './markdown-table.js';

/** Differences that are meant to be: one row of the table. */
export interface KnownDifference {
  /** The table's line, from 1. */
  readonly line: number;
  /** The conversations in each of which every pattern occurs. */
  readonly conversations: readonly string[];
  readonly patterns: readonly DifferencePattern[];
}

/** `*` stands for any text; the difference occurs so many times in each of the conversations. */
export interface DifferencePattern {
  readonly text: string;
  readonly times: number;
}

/**
 * Reads the table of differences between the original server and ours.
 *
 * @throws TypeError where a row names no conversation or no difference, or does not say what, what instead and why.
 */
export function parseKnownDifferences(markdown: string): KnownDifference[] {
  return readTable(markdown, 'conversations').map((row) => {
    const conversations = codeSpans(requireCell(row, 'conversations')).flatMap(expandBraces);
    const patterns = codeSpans(requireCell(row, 'difference')).map(parsePattern);
    const isEmpty = ['the original', 'ours', 'why'].some((title) => requireCell(row, title) === '');
    if (isEmpty || conversations.length === 0 || patterns.length === 0)
      throw new TypeError(`line ${row.line} of the differences has an empty cell`);
    return { line: row.line, conversations, patterns };
  });
}

/** What the table and a play do not agree on; two empty lists where all is as documented. */
export interface Disagreement {
  /** Differences that are in no row. */
  readonly undocumented: readonly string[];
  /** Patterns that did not occur, or not so often. */
  readonly outdated: readonly string[];
}

/** Holds the differences of one conversation's play against the table. Each belongs to the first pattern it fits. */
export function judgeDifferences(
  known: readonly KnownDifference[],
  conversation: string,
  differences: readonly string[],
): Disagreement {
  const expected = known
    .filter(({ conversations }) => conversations.includes(conversation))
    .flatMap(({ line, patterns }) => patterns.map((pattern) => ({ line, pattern, found: 0 })));
  const undocumented: string[] = [];
  for (const difference of differences) {
    const match = expected.find(
      ({ pattern, found }) => found < pattern.times && fits(pattern.text, difference),
    );
    if (match === undefined) undocumented.push(difference);
    else match.found += 1;
  }
  const outdated = expected
    .filter(({ pattern, found }) => found !== pattern.times)
    .map(({ line, pattern, found }) => `line ${line}: ${pattern.text} (${found} of ${pattern.times} times)`);
  return { undocumented, outdated };
}

function parsePattern(span: string): DifferencePattern {
  const counted = /^(\d+)× (.*)$/.exec(span);
  return { times: Number(counted?.[1] ?? 1), text: counted?.[2] ?? span };
}

/** `{tcp,udp}-login` stands for two names. */
function expandBraces(text: string): string[] {
  const match = /^(.*?)\{([^}]*)\}(.*)$/.exec(text);
  if (match === null) return [text];
  const [, before = '', choices = '', after = ''] = match;
  return choices.split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}

function fits(pattern: string, text: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 's').test(text);
}
