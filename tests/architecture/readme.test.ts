import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { blocksIn, problemsOf } from './programs.js';
import { packageNames, ROOT, readText } from './sources.js';

const README = 'README.md';
const TRANSLATION = 'README.zh-CN.md';

const withoutComments = (program: string) => program.replace(/ *\/\/.*$/gm, '');
const withoutRemarks = (commands: string) => commands.replace(/ *# .*$/gm, '');

/** The files that a document links to, each once; for a translated page, the original. */
function linkedPages(path: string): string[] {
  const links = [...readText(path).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '');
  const pages = links
    .map((link) => link.replace('.zh-CN.md', '.md').replace(/#.*$/, ''))
    .filter((link) => link !== README);
  return [...new Set(pages)].sort();
}

describe('the README', { timeout: 60_000 }, () => {
  it('has programs', () => {
    expect(blocksIn(README, 'ts').length).toBeGreaterThanOrEqual(2);
  });

  it('has programs that compile', () => {
    expect(problemsOf(...blocksIn(README, 'ts'))).toEqual([]);
  });

  it('does not compile with a missing name', () => {
    expect(
      problemsOf("import { createServers } from '@imcore/server';\nawait createServers({});"),
    ).not.toEqual([]);
  });

  it('has the same programs and sessions in its translation', () => {
    expect(blocksIn(TRANSLATION, 'ts').map(withoutComments)).toEqual(
      blocksIn(README, 'ts').map(withoutComments),
    );
    expect(blocksIn(TRANSLATION, '')).toEqual(blocksIn(README, ''));
    expect(blocksIn(TRANSLATION, 'sh').map(withoutRemarks)).toEqual(
      blocksIn(README, 'sh').map(withoutRemarks),
    );
  });

  it('has the same links in its translation', () => {
    expect(linkedPages(README).length).toBeGreaterThan(15);
    expect(linkedPages(TRANSLATION)).toEqual(linkedPages(README));
  });
});

describe('the READMEs of the packages', { timeout: 60_000 }, () => {
  const readmes = [...packageNames().map((name) => `packages/${name}`), 'apps/web']
    .map((folder) => `${folder}/README.md`)
    .filter((path) => existsSync(join(ROOT, path)));

  it('have programs that compile', () => {
    const programs = readmes.flatMap((path) => blocksIn(path, 'ts'));
    expect(programs.length).toBeGreaterThanOrEqual(5);
    expect(problemsOf(...programs)).toEqual([]);
  });
});
