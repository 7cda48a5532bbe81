import { printable } from '@imcore/server/ports';
import type { Style } from '../terminal/style.js';
import type { CaseResult } from './run-cases.js';

const OUTCOMES = ['passed', 'failed', 'not applicable', 'not offered'] as const;
const OUTCOME_WIDTH = 14;

/** The results as JSON: counts, and every case. */
export function toJson(results: readonly CaseResult[]): object {
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, countOf(results, outcome)]));
  return { counts, cases: results };
}

/** The results as text: a table for each target, failures with what was expected and seen, and the counts. */
export function toText(results: readonly CaseResult[], style: Style): string {
  const lines: string[] = [];
  for (const url of new Set(results.map((result) => result.url))) {
    lines.push(style.name(url));
    for (const result of results) if (result.url === url) lines.push(...linesOf(result, style));
    lines.push('');
  }
  const counts = OUTCOMES.map((outcome) => `${countOf(results, outcome)} ${outcome}`).join(', ');
  lines.push(countOf(results, 'failed') === 0 ? style.good(counts) : style.bad(counts));
  return `${lines.join('\n')}\n`;
}

function linesOf({ id, title, outcome, reason, expected, seen }: CaseResult, style: Style): string[] {
  const shown = outcome.padEnd(OUTCOME_WIDTH);
  const colour = {
    passed: style.good,
    failed: style.bad,
    'not applicable': style.faint,
    'not offered': style.faint,
  };
  const line = `  ${id.padEnd(4)} ${colour[outcome](shown)}  ${title}`;
  const indent = ' '.repeat(9 + OUTCOME_WIDTH);
  if (outcome === 'failed')
    // A server under test may send anything.
    return [line, `${indent}expected ${printable(expected ?? '')}`, `${indent}saw ${printable(seen ?? '')}`];
  return reason === undefined ? [line] : [line, style.faint(`${indent}${reason}`)];
}

function countOf(results: readonly CaseResult[], outcome: CaseResult['outcome']): number {
  return results.filter((result) => result.outcome === outcome).length;
}
