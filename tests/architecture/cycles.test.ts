import { describe, expect, it } from 'vitest';
import { type Source, sourceFolders, sourcesAndTestsIn, sourcesOf, targetOf } from './sources.js';

/** The packages, applications and test suites: files import each other only inside one of these. */
const FOLDERS = [...new Set(sourceFolders().map(withoutSubfolder))];

function withoutSubfolder(folder: string): string {
  return folder.replace(/\/(?:src|page|test)$/, '');
}

function filesOf(folder: string): Source[] {
  return sourceFolders()
    .filter((each) => withoutSubfolder(each) === folder)
    .flatMap(sourcesAndTestsIn);
}

/** The cycles of a graph, at least one for each group of files that import each other. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const start = path.indexOf(file);
    if (start >= 0) {
      cycles.push([...path.slice(start), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    path.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    path.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

/** The imports between the files of a folder. */
function graphOf(
  sources: readonly Source[],
  importsOf: (source: Source) => readonly string[],
): Map<string, string[]> {
  return new Map(
    sources.map((source) => [
      source.path,
      importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => targetOf(source, specifier)),
    ]),
  );
}

const allCycles = (sources: readonly Source[]) => cyclesIn(graphOf(sources, ({ imports }) => imports));
const valueCycles = (sources: readonly Source[]) =>
  cyclesIn(graphOf(sources, ({ valueImports }) => valueImports));

describe('cyclesIn', () => {
  it('finds a cycle, and none where there is none', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', []],
    ]);
    expect(cyclesIn(graph)).toEqual([]);
    expect(cyclesIn(new Map([...graph, ['c', ['a']]]))).toEqual(['a → b → c → a']);
  });
});

describe('graphOf', () => {
  it('counts imports of types only', () => {
    const source = (path: string, imports: string[]): Source => ({
      path,
      text: '',
      imports,
      valueImports: [],
    });
    const sources = [source('a.ts', ['./b.js']), source('b.ts', ['./a.js'])];
    expect(allCycles(sources)).toEqual(['a.ts → b.ts → a.ts']);
    expect(valueCycles(sources)).toEqual([]);
  });
});

describe('source files', () => {
  it.each(FOLDERS)('of %s do not import each other in a cycle', (folder) => {
    const sources = filesOf(folder);
    expect(sources).not.toEqual([]);
    expect(allCycles(sources)).toEqual([]);
  });
});

describe('the folders of the server', () => {
  it('have at most a quarter of its lines each', () => {
    const linesOf = new Map<string, number>();
    for (const { path, text } of sourcesOf('server')) {
      const [folder = ''] = path.slice('packages/server/src/'.length).split('/');
      linesOf.set(folder, (linesOf.get(folder) ?? 0) + text.split('\n').length);
    }
    const all = [...linesOf.values()].reduce((sum, lines) => sum + lines, 0);
    expect(linesOf.size).toBeGreaterThan(10);
    expect([...linesOf].filter(([, lines]) => lines > all / 4)).toEqual([]);
  });
});
