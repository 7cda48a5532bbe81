import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROOT } from '../architecture/sources.js';
import { EmptyProject, entriesOf, publishedPackages } from './empty-project.js';

const packages = await publishedPackages();
const names = packages.flatMap(({ manifest }) => entriesOf(manifest));

/**
 * Entry points with a CommonJS build, for old toolchains. Packages for servers have only ES modules: every supported Node
 * loads them with `require`, and so does TypeScript with `module: nodenext`.
 */
const withCommonJs = packages.flatMap(({ manifest }) => entriesOf(manifest, 'require'));

describe.each(packages.map((each) => [each.manifest.name, each] as const))(
  '%s',
  (_name, { directory, manifest }) => {
    it('passes publint', async () => {
      const { messages } = await publint({ pkgDir: directory, strict: true });
      expect(messages).toEqual([]);
    });

    it('has a licence, a README and a description', () => {
      expect(existsSync(join(directory, 'LICENSE'))).toBe(true);
      expect(existsSync(join(directory, 'README.md'))).toBe(true);
      expect(manifest).toMatchObject({
        description: expect.any(String),
        license: 'Apache-2.0',
        keywords: expect.any(Array),
      });
    });
  },
);

describe('the packages in an empty project', { timeout: 120_000 }, () => {
  let project: EmptyProject;
  beforeAll(async () => {
    project = await EmptyProject.create();
  }, 120_000);
  afterAll(() => project.remove());

  it('have types that check from a module with Node16', () => {
    expect(problemsOf(project, 'check.mts', names, { module: ts.ModuleKind.Node16 })).toEqual([]);
  });

  it('have types that check for a bundler', () => {
    const options = { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler };
    expect(problemsOf(project, 'check.ts', names, options)).toEqual([]);
  });

  it('have types that check from CommonJS with Node16, where there is a CommonJS build', () => {
    expect(withCommonJs.length).toBeGreaterThanOrEqual(4);
    expect(problemsOf(project, 'check.cts', withCommonJs, { module: ts.ModuleKind.Node16 })).toEqual([]);
  });

  it('have types that check from CommonJS with NodeNext', () => {
    expect(problemsOf(project, 'check.cts', names, { module: ts.ModuleKind.NodeNext })).toEqual([]);
  });

  it('fail these checks for a missing entry point', () => {
    const options = { module: ts.ModuleKind.Node16 };
    expect(problemsOf(project, 'check.mts', ['@imcore/client/nowhere'], options)).not.toEqual([]);
  });

  // The contract suites need a test runner around them.
  const runnable = names.filter((name) => !name.endsWith('/contracts'));

  it('can be imported', async () => {
    const program = runnable.map((entry) => `console.log(Object.keys(await import('${entry}')).length > 0);`);
    const printed = await project.run('load.mjs', program.join('\n'));
    expect(printed.trim().split('\n')).toEqual(runnable.map(() => 'true'));
  });

  it('can be required', async () => {
    const program = runnable.map((entry) => `console.log(Object.keys(require('${entry}')).length > 0);`);
    const printed = await project.run('load.cjs', program.join('\n'), ['--no-warnings']);
    expect(printed.trim().split('\n')).toEqual(runnable.map(() => 'true'));
  });

  it.each([
    ['modules', 'chat.mjs', (name: string, from: string) => `import { ${name} } from '${from}';`],
    ['CommonJS', 'chat.cjs', (name: string, from: string) => `const { ${name} } = require('${from}');`],
  ])('deliver a message when used from %s', async (_kind, file, take) => {
    const program = `${take('createServer, tcp', '@imcore/server')}
${take('createClient', '@imcore/client/node')}
(async () => {
  const server = createServer({ transports: [tcp({ host: '127.0.0.1', port: 0 })] });
  const [{ port }] = await server.listen();
  const [alice, bob] = [1, 2].map(() => createClient({ url: 'tcp://127.0.0.1:' + port }));
  const arrived = new Promise((resolve) => bob.on('message', resolve));
  await alice.login({ userId: 'alice' });
  await bob.login({ userId: 'bob' });
  await alice.send({ to: 'bob', content: 'hello' });
  console.log((await arrived).content);
  await alice.close();
  await bob.close();
  await server.close();
})();`;
    expect(await project.run(file, program, ['--no-warnings'])).toBe('hello\n');
  });

  it('install the command', async () => {
    expect(await project.exec('imcore', ['--version'])).toMatch(/^\d+\.\d+\.\d+/);
  });

  it('have a file for mini-programs without imports', async () => {
    const file = join(project.directory, 'node_modules/@imcore/client/miniprogram_dist/index.js');
    expect(existsSync(file)).toBe(true);
    expect(ts.preProcessFile(ts.sys.readFile(file) ?? '', true, true).importedFiles).toEqual([]);
  });
});

/** The compiler's diagnostics for a file of the project that imports the entries, declarations included. */
function problemsOf(
  project: EmptyProject,
  file: string,
  entries: readonly string[],
  options: ts.CompilerOptions,
): string[] {
  const path = join(project.directory, file);
  const text = entries
    .map(
      (entry, n) =>
        `import * as all${n} from '${entry}';\nexport const names${n}: string[] = Object.keys(all${n});`,
    )
    .join('\n');
  const settings: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [join(ROOT, 'node_modules/@types')],
    ...options,
  };
  const host = ts.createCompilerHost(settings);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, language) =>
    name === path ? ts.createSourceFile(name, text, language) : getSourceFile(name, language);
  return ts
    .getPreEmitDiagnostics(ts.createProgram([path], settings, host))
    .map(
      ({ messageText, file: where }) =>
        `${where?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
    );
}
