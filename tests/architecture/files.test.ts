import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isListOfNames } from './public-names.js';
import { packageNames, ROOT, readText, sourcesIn, sourcesOf, targetOf } from './sources.js';

const FOLDERS = [
  'apps/demo/src',
  'apps/web/src',
  'apps/web/page',
  'tests/proof/src',
  'tests/attack/src',
  'bench/src',
  'tests/simulation',
  'tests/integration',
  'tests/architecture',
  'tests/packaging',
  'tests/support',
  'tests/walks',
];

const all = [...packageNames().flatMap(sourcesOf), ...FOLDERS.flatMap(sourcesIn)];

describe('source files', () => {
  it('are found', () => {
    expect(all.length).toBeGreaterThan(100);
  });

  it('list their re-exports by name, or re-export a file that does', () => {
    const unnamed = all.flatMap((source) =>
      [...source.text.matchAll(/^export \*.*? from '(.*)';/gm)]
        .map(([, specifier = '']) => targetOf(source, specifier))
        .filter((target) => !isListOfNames(target))
        .map((target) => `${source.path} exports everything of ${target}`),
    );
    expect(unnamed).toEqual([]);
  });

  it('have no default exports', () => {
    expect(all.filter(({ text }) => /^export default/m.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe.each(packageNames())('the package %s', (name) => {
  it('has either an index of its exports or a main program', () => {
    const isLibrary = existsSync(join(ROOT, 'packages', name, 'src/index.ts'));
    const isProgram = existsSync(join(ROOT, 'packages', name, 'src/main.ts'));
    expect(isLibrary !== isProgram).toBe(true);
  });

  it('is built with the others', () => {
    expect(readText('tsconfig.json')).toContain(`"packages/${name}"`);
  });
});
