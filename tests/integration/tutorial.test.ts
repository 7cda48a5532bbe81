import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, silentLogger } from '@imcore/client/node';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, type Ports, Running, startDemo, withPorts } from './demo-process.js';
import { blocksOf, shell, steady, stepsOf } from './documented-session.js';

const TUTORIAL = 'docs/guide/tutorial.md';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const blocks = blocksOf(TUTORIAL);
const programs = blocks
  .filter(({ language }) => language === 'ts')
  .map(({ text }) => ({ path: /^\/\/ (\S+)\n/.exec(text)?.[1] ?? '', text }));
const commands = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ text }) => text.trimEnd().split('\n'));
const [settings = '{}'] = blocks.filter(({ language }) => language === 'json').map(({ text }) => text);

describe('the tutorial', () => {
  let ports: Ports;
  let running: Running[];
  /** The folder of its programs, inside the project, so that they can import the packages. */
  let directory: string;

  beforeAll(async () => {
    ports = await freePorts();
    mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
    directory = mkdtempSync(join(ROOT, 'node_modules/.cache/tutorial-'));
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
    // Express has no types; the tutorial tells its reader to install them.
    writeFileSync(join(directory, 'express.d.ts'), "declare module 'express';");
    installPacked(directory);
    for (const { path, text } of programs) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), withPorts(text, ports));
    }
    running = [];
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((program) => program.stop()));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const start = async (path: string): Promise<Running> => {
    const file = join(directory, path);
    const program = new Running(file, dirname(file));
    running.push(program);
    await program.says('ready');
    return program;
  };
  const port = (documented: string) => ports.get(documented) ?? 0;
  const post = async (path: string): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${port('8080')}${path}`, { method: 'POST' });
    const text = await response.text();
    return text.startsWith('{') ? JSON.parse(text) : text;
  };

  it('has only code blocks that this test checks', () => {
    expect(blocks.filter(({ language }) => !['sh', 'json', 'console', 'ts'].includes(language))).toEqual([]);
    expect(commands).toEqual([
      'npm ci && npm start',
      'mkdir ../my-app',
      expect.stringMatching(/^npm pack --pack-destination \.\.\/my-app -w /),
      'cd ../my-app',
      'npm init -y',
      'npm pkg set type=module',
      expect.stringMatching(/^npm install \.\/imcore-\*\.tgz /),
      expect.stringMatching(/^npm install --save-dev /),
      'npx tsc && node nest/main.js',
    ]);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    };
    expect(scripts['start']).toBe('node apps/demo/dist/main.js');
    expect(programs.map(({ path }) => path)).toEqual([
      'nest/chat.listener.ts',
      'nest/app.module.ts',
      'nest/push.controller.ts',
      'nest/main.ts',
      'node/server.ts',
      'fastify/server.ts',
      'express/server.ts',
      'client/alice.ts',
    ]);
  });

  it('installs the packages that its programs import', () => {
    const tutorial = readFileSync(join(ROOT, TUTORIAL), 'utf8');
    const installed = [...tutorial.matchAll(/npm install ([^`\n]*)/g)].flatMap(([, names = '']) =>
      names.split(' '),
    );
    const packed = readdirSync(join(directory, 'node_modules/@imcore')).map((name) => `@imcore/${name}`);
    const imported = programs.flatMap(({ text }) =>
      [...text.matchAll(/(?:from|import) '(@[\w-]+\/[\w-]+|[\w-]+)/g)].map(([, name]) => name),
    );
    expect(imported.length).toBeGreaterThan(15);
    expect(imported.filter((name = '') => ![...installed, ...packed].includes(name))).toEqual([]);
  });

  it('has the same code blocks in its translation', () => {
    const code = (text: string) => text.replaceAll(/ *\/\/ .*$/gm, '');
    const translated = blocksOf('docs/guide/tutorial.zh-CN.md');
    expect(translated.map(({ text }) => code(text))).toEqual(blocks.map(({ text }) => code(text)));
  });

  it.each([TUTORIAL, 'docs/guide/tutorial.zh-CN.md'])('names existing tests in %s', (document) => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const named = [...text.matchAll(/(?<=^\|.*)\*([a-z][^*|]+)\*/gm)].map(([, name]) => name ?? '');
    const tests = ['tutorial-run', 'rest'].map((name) =>
      readFileSync(join(ROOT, `apps/demo/test/${name}.test.ts`), 'utf8'),
    );
    expect(named.length).toBeGreaterThanOrEqual(8);
    expect(named.filter((name) => !tests.join('\n').includes(name))).toEqual([]);
  });

  it('has sessions with the documented output', async () => {
    const home = mkdtempSync(join(tmpdir(), 'imcore-tutorial-'));
    const demo = startDemo(home, ports);
    await demo.says('Press Ctrl+C to stop.');
    try {
      for (const { command, output } of blocks
        .filter(({ language }) => language === 'console')
        .flatMap(({ text }) => stepsOf(text))) {
        expect(`${command}\n${steady(await shell(withPorts(command, ports)))}`).toBe(
          `${command}\n${steady(output)}`,
        );
      }
    } finally {
      await demo.stop();
      rmSync(home, { recursive: true });
    }
  });

  it('has programs that compile', () => {
    const { config } = ts.parseConfigFileTextToJson('tsconfig.json', settings) as { config: object };
    const { options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, directory);
    expect(errors).toEqual([]);
    Object.assign(options, { noImplicitAny: false, typeRoots: [join(ROOT, 'node_modules/@types')] });
    const files = programs.map(({ path }) => join(directory, path));
    const program = ts.createProgram([...files, join(directory, 'express.d.ts')], options);
    const problems = ts.getPreEmitDiagnostics(program);
    program.emit();
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  it('has a Nest application that serves users on three transports and REST', async () => {
    const program = await start('nest/main.js');
    const bob = createClient({ url: `ws://127.0.0.1:${port('8080')}/websocket` });
    const received: string[] = [];
    bob.on('message', ({ from, content }) => received.push(`${from}: ${content}`));
    await bob.login({ userId: 'bob', token: 'secret-of-bob' });
    expect(await post('/push?to=bob&msg=news')).toEqual({ outcome: 'received' });
    expect(await post('/say?from=alice&to=bob&msg=hi')).toBe('sent');
    await bob.send({ to: '0', content: 'ping' });
    expect(await post('/push?to=carol&msg=later')).toEqual({ outcome: 'stored' });
    const eve = createClient({ url: `udp://127.0.0.1:${port('7901')}` });
    await expect(eve.login({ userId: 'eve', token: 'wrong' })).rejects.toMatchObject({ serverCode: 1025 });
    await program.says('bob is online via websocket');
    await program.says('alice is offline, kick code -1');
    expect(received).toEqual(['0: news', 'alice: hi', '0: echo: ping']);
    await Promise.all([bob.close(), eve.close()]);
    expect(await program.stop()).not.toBe(1);
  });

  it.each([
    ['the Nest', 'nest/main.js', '8080'],
    ['the plain Node', 'node/server.js', '3000'],
    ['the Fastify', 'fastify/server.js', '8080'],
    ['the Express', 'express/server.js', '8080'],
  ])(
    'has other machines reach %s program at the ports of its table of clients',
    async (name, path, wsPort) => {
      const text = readFileSync(join(ROOT, TUTORIAL), 'utf8');
      const row = text.split('\n').find((line) => line.includes(`ws://<address>:${wsPort}/websocket`));
      expect(row).toMatch(new RegExp(`^\\| browser.*\\b${name.replace('the ', '')}\\b`));
      expect(text).toMatch(/^\| Android.* over TCP \|.*\| 8901 \|/m);
      const program = await start(path);
      await loginFromOutside('tcp', port('8901'));
      await loginFromOutside('ws', port(wsPort), '/websocket');
      expect(await program.stop()).not.toBe(1);
    },
  );

  it('has a plain server and a client that exchange messages', async () => {
    const server = await start('node/server.js');
    const alice = new Running(join(directory, 'client/alice.js'), directory);
    running.push(alice);
    await alice.says('alice: Hello myself');
    await alice.says('0: echo: Hello server');
    await server.says('alice is online via tcp');
    await server.says('alice to alice: delivered');
    expect(await alice.ended).toBe(0);
    expect(await server.stop()).toBe(0);
  });

  it.each(['fastify', 'express'])('has a server that shares the port of %s', async (framework) => {
    const program = await start(`${framework}/server.js`);
    const bob = createClient({ url: `ws://127.0.0.1:${port('8080')}/websocket` });
    const received = new Promise<string>((resolve) => bob.on('message', ({ content }) => resolve(content)));
    await bob.login({ userId: 'bob' });
    expect(await post('/push?to=bob&msg=news')).toEqual({ outcome: 'received' });
    expect(await received).toBe('news');
    await bob.close();
    expect(await program.stop()).toBe(0);
  });
});

/** Logs in at this machine's second address, which reaches no program that listens on the first one only. */
async function loginFromOutside(scheme: string, port: number, path = ''): Promise<void> {
  const client = createClient({
    url: `${scheme}://127.0.0.2:${port}${path}`,
    logger: silentLogger,
    autoReconnect: false,
  });
  try {
    await client.login({ userId: 'bob', token: 'secret-of-bob' });
  } finally {
    await client.close();
  }
}

/** Packs our packages as the tutorial says, and installs them for its programs. */
function installPacked(directory: string): void {
  const [command = ''] = commands.filter((each) => each.startsWith('npm pack '));
  const args = command.replace('../my-app', directory).split(' ').slice(1);
  execFileSync('npm', [...args, '--silent'], { cwd: ROOT });
  for (const file of readdirSync(directory).filter((name) => /^imcore-.*\.tgz$/.test(name))) {
    const folder = join(directory, 'node_modules/@imcore', /^imcore-(.*)-\d/.exec(file)?.[1] ?? '');
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-xzf', join(directory, file), '-C', folder, '--strip-components=1']);
  }
}
