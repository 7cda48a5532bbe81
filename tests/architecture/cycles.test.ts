import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageNames, type Source, sourcesOf, targetOf } from './sources.js';

/** Every way on which imports come back to where they began, each once. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (file: string): void => {
    const start = way.indexOf(file);
    if (start >= 0) {
      cycles.push([...way.slice(start), file].join(' → '));
      return;
    }
    if (done.has(file)) return;
    way.push(file);
    for (const next of graph.get(file) ?? []) visit(next);
    way.pop();
    done.add(file);
  };
  for (const file of graph.keys()) visit(file);
  return cycles;
}

describe('cyclesIn', () => {
  it('finds a way back and none where there is none', () => {
    const graph = new Map([
      ['a', ['b', 'c']],
      ['b', ['c']],
      ['c', []],
    ]);
    expect(cyclesIn(graph)).toEqual([]);
    expect(cyclesIn(new Map([...graph, ['c', ['a']]]))).toEqual(['a → b → c → a']);
  });
});

/** Who imports whom among the files of one package. */
function graphOf(
  sources: readonly Source[],
  pick: (source: Source) => readonly string[],
): Map<string, string[]> {
  return new Map(
    sources.map((source) => [
      source.path,
      pick(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => targetOf(source, specifier)),
    ]),
  );
}

describe.each(packageNames())('the files of %s', (name) => {
  const sources = sourcesOf(name);

  it('do not need each other in a circle when they run', () => {
    expect(cyclesIn(graphOf(sources, ({ valueImports }) => valueImports))).toEqual([]);
  });

  it('know of each other’s types in a circle only inside one folder', () => {
    const cycles = cyclesIn(graphOf(sources, ({ imports }) => imports));
    const isAcrossFolders = (cycle: string) =>
      new Set(cycle.split(' → ').map((file) => dirname(file))).size > 1;
    expect(cycles.filter(isAcrossFolders)).toEqual([]);
  });
});
