import { describe, expect, it } from 'vitest';
import { publicNamesOf } from './public-names.js';
import { packageNames, sourcesIn, sourcesOf } from './sources.js';

const indexes = [...packageNames().flatMap(sourcesOf), ...sourcesIn('apps/web/src')]
  .map(({ path }) => path)
  .filter((path) => path.endsWith('/index.ts'));

describe('the public names', () => {
  it('are found', () => {
    expect(indexes.length).toBeGreaterThan(10);
    expect(publicNamesOf('packages/server/src/index.ts').map(({ name }) => name)).toContain('createServer');
  });

  it.each(indexes)('of %s have a doc comment', (index) => {
    const silent = publicNamesOf(index).filter(({ hasComment }) => !hasComment);
    expect(silent.map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
  });
});
