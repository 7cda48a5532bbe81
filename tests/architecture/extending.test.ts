import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksIn, problemsOf } from './programs.js';
import { ROOT, readText, sourcesAndTestsIn } from './sources.js';

const GUIDE = 'docs/guide/extending.md';
const FOLDER = 'tests/walks';

/** What a walk may import: Node, the test runner, and what we publish. */
const ENTRY_POINTS = [
  /^node:/,
  /^vitest$/,
  /^@imcore\/(server(\/ports|\/transport-kit)?|client\/node|protocol|testkit)$/,
];

const walks = sourcesAndTestsIn(FOLDER);
const blocks = blocksIn(GUIDE, 'ts');

/** The tests that the guide names, one before each program. */
const named = [...readText(GUIDE).matchAll(/\]\(\.\.\/\.\.\/(tests\/walks\/[\w.-]+)\)/g)].map(
  ([, path]) => path,
);

const withoutIndent = (text: string) => text.replaceAll(/^ +/gm, '').trim();

/** The parts of a program, without its imports. */
function partsOf(program: string): string[] {
  return withoutIndent(program)
    .split('\n\n')
    .filter((part) => !part.startsWith('import '));
}

describe('tests/walks', () => {
  it('holds one walk a file, of at most 60 lines', () => {
    expect(walks.length).toBeGreaterThanOrEqual(5);
    expect(readdirSync(join(ROOT, FOLDER)).filter((name) => !name.endsWith('.test.ts'))).toEqual([]);
    const lines = walks.map(({ path, text }) => ({ path, count: text.trimEnd().split('\n').length }));
    expect(lines.filter(({ count }) => count > 60)).toEqual([]);
  });

  it('uses public entry points only', () => {
    const foreign = walks.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => !ENTRY_POINTS.some((entryPoint) => entryPoint.test(specifier)))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(foreign).toEqual([]);
  });
});

describe(GUIDE, { timeout: 60_000 }, () => {
  it('has a program of each walk, behind the name of its test', () => {
    expect(named.toSorted()).toEqual(walks.map(({ path }) => path));
    expect(blocks).toHaveLength(walks.length);
  });

  it.each(blocks.map((block, index) => [named[index] ?? '', block]))(
    'shows what runs in %s',
    (path, block) => {
      const walk = withoutIndent(readText(path));
      const parts = partsOf(block);
      expect(parts.length).toBeGreaterThan(0);
      expect(parts.filter((part) => !walk.includes(part))).toEqual([]);
    },
  );

  it('shows programs that compile', () => {
    expect(problemsOf(...blocks)).toEqual([]);
  });
});
