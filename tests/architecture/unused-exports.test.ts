import { describe, expect, it } from 'vitest';
import { sourceFolders, sourcesAndTestsIn } from './sources.js';
import { unusedExports } from './unused-exports.js';

describe('unusedExports', () => {
  const unused = (texts: Readonly<Record<string, string>>) =>
    unusedExports(Object.entries(texts).map(([path, text]) => ({ path, text })));
  const declaring = 'export const a = 1;\nexport interface B {}\nfunction c() {}';

  it('finds the names that no other file imports', () => {
    expect(unused({ 'x/one.ts': declaring })).toEqual(['x/one.ts: a', 'x/one.ts: B']);
    expect(unused({ 'x/one.ts': declaring, 'x/two.ts': "import { a } from './one.js';" })).toEqual([
      'x/one.ts: B',
    ]);
  });

  it.each([
    "import { a as b, type B } from './one.js';",
    "export { a, type B as C } from './one.js';",
    "import * as one from './one.js';",
    "export * from './one.js';",
    "const one = await import('./one.js');",
    "import { a } from '../x/one.js';\ntype B = import('./one.js').B;",
  ])('counts as an import: %s', (text) => {
    expect(unused({ 'x/one.ts': declaring, 'x/two.ts': text })).toEqual([]);
  });
});

describe('source files', () => {
  const files = sourceFolders().flatMap(sourcesAndTestsIn);
  const unused = unusedExports(files);

  it('are found', () => {
    expect(files.length).toBeGreaterThan(700);
  });

  it('export no name that only their own file uses', () => {
    expect(unused).toEqual([]);
  });
});
