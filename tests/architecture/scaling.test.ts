import { describe, expect, it } from 'vitest';
import { blocksIn, problemsOf } from './programs.js';
import { readText } from './sources.js';

const GUIDE = 'docs/guide/scaling.md';
const TRANSLATION = 'docs/guide/scaling.zh-CN.md';

/** The blocks of a language, those in lists included. */
const fencesIn = (guide: string, language: string) =>
  [...readText(guide).matchAll(/^ *```(\w*)\n(.*?)^ *```$/gms)]
    .filter((match) => match[1] === language)
    .map((match) => match[2] ?? '');

/** The rows of tables that name a test: `file`: "name". */
const testsNamedIn = (guide: string) =>
  [...readText(guide).matchAll(/`((?:packages|tests)\/[\w/.-]+\.test\.ts)`: "([^"]+)"/g)].map(
    ([, file = '', name = '']) => ({ file, name }),
  );

describe(GUIDE, { timeout: 60_000 }, () => {
  it('has programs that compile', () => {
    const programs = blocksIn(GUIDE, 'ts');
    expect(programs.length).toBeGreaterThanOrEqual(2);
    expect(problemsOf(...programs)).toEqual([]);
  });

  it('names tests that exist', () => {
    const tests = testsNamedIn(GUIDE);
    expect(tests.length).toBeGreaterThanOrEqual(8);
    // The name of a test with variants stands behind `it.each(…)`.
    const missing = tests.filter(
      ({ file, name }) => !readText(file).includes(`'${name.replace(/ %s$/, '')}`),
    );
    expect(missing).toEqual([]);
  });

  it.each(['ts', 'sh', 'nginx', 'haproxy'])('has the same blocks in its translation: %s', (language) => {
    expect(fencesIn(GUIDE, language)).not.toEqual([]);
    expect(fencesIn(TRANSLATION, language)).toEqual(fencesIn(GUIDE, language));
  });

  it('has the same tables and names the same tests in its translation', () => {
    const columnsOf = (guide: string) =>
      readText(guide)
        .split('\n')
        .filter((line) => line.startsWith('|'))
        .map((row) => row.split('|').length);
    expect(columnsOf(TRANSLATION)).toEqual(columnsOf(GUIDE));
    expect(testsNamedIn(TRANSLATION)).toEqual(testsNamedIn(GUIDE));
  });
});
