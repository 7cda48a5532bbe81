import { describe, expect, it } from 'vitest';
import { arrowsIn } from './graph.js';
import { PACKAGES, PROGRAMS } from './packages.js';
import { packageNames, packageOf, readText, type Source, sourcesIn, sourcesOf, targetOf } from './sources.js';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const isRelative = (specifier: string) => specifier.startsWith('.');
const isOurs = (specifier: string) => specifier.startsWith('@imcore/');
const isOfNode = (specifier: string) => specifier.startsWith('node:');

/** The imports for which `isOffence` returns true, as `file imports specifier`. */
function offences(
  sources: readonly Source[],
  isOffence: (specifier: string, source: Source) => boolean,
): string[] {
  return sources.flatMap((source) =>
    source.imports
      .filter((specifier) => isOffence(specifier, source))
      .map((specifier) => `${source.path} imports ${specifier}`),
  );
}

describe('the table of packages', () => {
  it('has every package', () => {
    expect(packageNames().sort()).toEqual(Object.keys(PACKAGES).sort());
  });
});

describe.each(packageNames())('the package %s', (name) => {
  const sources = sourcesOf(name);
  const allowed = PACKAGES[name]?.imports ?? [];

  it('imports only packages of ours that the table allows', () => {
    expect(offences(sources, (specifier) => isOurs(specifier) && !allowed.includes(specifier))).toEqual([]);
  });

  it('imports everything that the table allows', () => {
    const used = new Set(sources.flatMap(({ imports }) => imports));
    expect(allowed.filter((specifier) => !used.has(specifier))).toEqual([]);
  });

  it('declares the packages that it imports, and no others of ours', () => {
    const manifest = JSON.parse(readText(`packages/${name}/package.json`)) as Manifest;
    const declared = Object.keys({
      ...manifest.dependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    });
    const undeclared = offences(
      sources,
      (specifier) =>
        !isRelative(specifier) && !isOfNode(specifier) && !declared.includes(packageOf(specifier)),
    );
    const used = new Set(sources.flatMap(({ imports }) => imports.map(packageOf)));
    expect(undeclared).toEqual([]);
    expect(declared.filter((dependency) => isOurs(dependency) && !used.has(dependency))).toEqual([]);
  });

  it('does not import files of other packages', () => {
    const home = `packages/${name}/src/`;
    expect(
      offences(
        sources,
        (specifier, source) => isRelative(specifier) && !targetOf(source, specifier).startsWith(home),
      ),
    ).toEqual([]);
  });

  it('writes relative imports with their extension', () => {
    expect(offences(sources, (specifier) => isRelative(specifier) && !specifier.endsWith('.js'))).toEqual([]);
  });
});

describe.each(Object.keys(PROGRAMS))('the program %s', (folder) => {
  const sources = [...sourcesIn(`${folder}/src`), ...sourcesIn(`${folder}/page`)];
  const allowed = PROGRAMS[folder]?.imports ?? [];

  it('imports exactly the packages of ours that the table allows', () => {
    const isForeign = (specifier: string, source: Source) =>
      isRelative(specifier) && !targetOf(source, specifier).startsWith(`${folder}/`);
    const used = sources.flatMap((source) =>
      source.imports.filter((specifier) => isOurs(specifier) || isForeign(specifier, source)),
    );
    expect([...new Set(used)].sort()).toEqual([...allowed].sort());
  });
});

describe('the graph in ARCHITECTURE.md', () => {
  it('shows the arrows of the tables', () => {
    const rules = [
      ...Object.entries(PACKAGES).map(([name, rule]) => [`packages/${name}`, rule] as const),
      ...Object.entries(PROGRAMS),
    ];
    const arrows = rules.map(([folder, { imports }]) => {
      const targets = imports.map((specifier) => /(?:@imcore|packages)\/([^/]+)/.exec(specifier)?.[1]);
      return [folder, [...new Set(targets)].sort()];
    });
    expect(arrowsIn(readText('ARCHITECTURE.md'))).toEqual(Object.fromEntries(arrows));
  });
});

describe('the protocol', () => {
  it('imports no package', () => {
    expect(offences(sourcesOf('protocol'), (specifier) => !isRelative(specifier))).toEqual([]);
  });
});

describe('the client', () => {
  const core = sourcesOf('client').filter(({ path }) => !path.startsWith('packages/client/src/node/'));

  it('imports Node modules only in its entry point for Node', () => {
    expect(offences(core, (specifier) => isOfNode(specifier) || specifier === 'ws')).toEqual([]);
  });

  it('does not import its entry point for Node from elsewhere', () => {
    const isInNode = (specifier: string, source: Source) =>
      isRelative(specifier) && targetOf(source, specifier).startsWith('packages/client/src/node/');
    expect(offences(core, isInNode)).toEqual([]);
  });
});
