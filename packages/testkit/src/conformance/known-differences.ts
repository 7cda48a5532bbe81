import { codeSpans, readTable, requireCell } from './markdown-table.js';

/** Intended differences: one row of the table. */
export interface KnownDifference {
  /** The line of the row, from 1. */
  readonly line: number;
  /** The conversations; each pattern occurs in every one of them. */
  readonly conversations: readonly string[];
  readonly patterns: readonly DifferencePattern[];
}

/** A pattern of a difference that occurs `times` times in each conversation. `*` matches any text. */
export interface DifferencePattern {
  readonly text: string;
  readonly times: number;
}

/**
 * Parses the table of differences between the original server and ours.
 *
 * @throws TypeError for a row with an empty cell.
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

/** Where the table and a play disagree. */
export interface Disagreement {
  /** Differences that are in no row. */
  readonly undocumented: readonly string[];
  /** Patterns that did not occur as often as the table says. */
  readonly outdated: readonly string[];
}

/** Compares the differences of a conversation with the table. Each counts for the first pattern that matches it. */
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
      ({ pattern, found }) => found < pattern.times && matches(pattern.text, difference),
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

/** `{tcp,udp}-login` means two names. */
function expandBraces(text: string): string[] {
  const match = /^(.*?)\{([^}]*)\}(.*)$/.exec(text);
  if (match === null) return [text];
  const [, before = '', choices = '', after = ''] = match;
  return choices.split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}

function matches(pattern: string, text: string): boolean {
  const source = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${source.join('.*')}$`, 's').test(text);
}
