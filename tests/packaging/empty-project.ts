import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packageNames, ROOT } from '../architecture/sources.js';

const run = promisify(execFile);

/** The members of a package.json that are used here. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** A published package, and its folder. */
interface PublishedPackage {
  readonly manifest: Manifest;
  readonly directory: string;
}

export async function publishedPackages(): Promise<PublishedPackage[]> {
  const all = await Promise.all(
    packageNames().map(async (name) => {
      const directory = join(ROOT, 'packages', name);
      return { directory, manifest: await readManifest(directory) };
    }),
  );
  return all.filter(({ manifest }) => manifest.private !== true);
}

/** The specifiers of a package's entry points, or of those with a given condition. */
export function entriesOf({ name, exports }: Manifest, condition?: string): string[] {
  return Object.entries(exports)
    .filter(([path]) => path !== './package.json')
    .filter(
      ([, target]) =>
        condition === undefined || (typeof target === 'object' && target !== null && condition in target),
    )
    .map(([path]) => name + path.slice(1));
}

/** A project with only our packages, installed from their tarballs without a network. */
export class EmptyProject {
  readonly directory: string;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async create(): Promise<EmptyProject> {
    const project = new EmptyProject(await mkdtemp(join(tmpdir(), 'imcore-project-')));
    await project.#install();
    return project;
  }

  /** Writes a file and runs it with this Node. Returns its output. */
  async run(file: string, program: string, flags: readonly string[] = []): Promise<string> {
    await this.write(file, program);
    const { stdout } = await run(process.execPath, [...flags, file], { cwd: this.directory });
    return stdout;
  }

  async exec(command: string, args: readonly string[]): Promise<string> {
    const { stdout } = await run(join(this.directory, 'node_modules/.bin', command), [...args], {
      cwd: this.directory,
    });
    return stdout;
  }

  async write(file: string, text: string): Promise<void> {
    await writeFile(join(this.directory, file), text);
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Third-party packages are packed from this repository's node_modules, since there may be no network. */
  async #install(): Promise<void> {
    const ours = await publishedPackages();
    const others = await closureOf(ours.map(({ manifest }) => manifest));
    const tarballs = join(this.directory, 'tarballs');
    await mkdir(tarballs);
    await run(
      'npm',
      [
        'pack',
        '--silent',
        '--ignore-scripts',
        '--pack-destination',
        tarballs,
        ...ours.map(({ directory }) => directory),
        ...others,
      ],
      { cwd: this.directory, maxBuffer: 1 << 26 },
    );
    const dependencies: Record<string, string> = {};
    for (const folder of [...ours.map(({ directory }) => directory), ...others]) {
      const { name, version } = await readManifest(folder);
      dependencies[name] = `file:tarballs/${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
    }
    // Packages that this repository holds back are not in the range that their dependents ask for.
    const overrides = Object.fromEntries(Object.keys(dependencies).map((name) => [name, `$${name}`]));
    await this.write(
      'package.json',
      JSON.stringify({ name: 'empty', private: true, dependencies, overrides }),
    );
    await run(
      'npm',
      [
        'install',
        '--offline',
        '--no-audit',
        '--no-fund',
        '--ignore-scripts',
        '--legacy-peer-deps',
        '--omit=optional',
      ],
      // A cache of its own: what npm has cached on this machine must not help.
      { cwd: this.directory, env: { ...process.env, npm_config_cache: join(this.directory, 'cache') } },
    );
  }
}

/** The folders of third-party packages that ours need at run time, with their dependencies. */
async function closureOf(ours: readonly Manifest[]): Promise<string[]> {
  const names = new Set(ours.map(({ name }) => name));
  const folders = new Set<string>();
  const visit = async ({
    dependencies = {},
    peerDependencies = {},
    peerDependenciesMeta = {},
  }: Manifest): Promise<void> => {
    const peers = Object.keys(peerDependencies).filter(
      // Types are optional for those who do not use TypeScript.
      (name) => peerDependenciesMeta[name]?.optional !== true || name.startsWith('@types/'),
    );
    for (const name of [...Object.keys(dependencies), ...peers]) {
      const folder = join(ROOT, 'node_modules', name);
      if (names.has(name) || folders.has(folder)) continue;
      folders.add(folder);
      await visit(await readManifest(folder));
    }
  };
  for (const manifest of ours) await visit(manifest);
  return [...folders];
}

async function readManifest(directory: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'));
}
