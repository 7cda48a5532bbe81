import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  packages: Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>;
};

describe('the packages that ours depend on', () => {
  const manifests = ['packages', 'apps']
    .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}/package.json`))
    .filter((path) => existsSync(path));

  it.each(manifests)('%s admits no version older than the tested one', (path) => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    const ranges = Object.entries({ ...dependencies, ...peerDependencies });
    const expected = ranges
      .filter(([name]) => !name.startsWith('@imcore/'))
      .map(([name]) => [name, packages[`node_modules/${name}`]?.version]);
    const oldest = ranges
      .filter(([name]) => !name.startsWith('@imcore/'))
      // Other major versions before `||` are tested when they are added; the README says with which versions.
      .map(([name, range]) => [
        name,
        range
          .split('||')
          .at(-1)
          ?.replace(/^[\s^~>=]+/, ''),
      ]);
    expect(oldest).toEqual(expected);
  });

  it('are locked without addresses', () => {
    const addresses = Object.values(packages).flatMap(({ resolved }) => resolved ?? []);
    expect(addresses.filter((address) => address.includes(':'))).toEqual([]);
  });
});
