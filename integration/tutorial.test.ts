import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@imcore/client/node';
import ts from 'typescript';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, type Ports, Running, startDemo, withPorts } from './demo-process.js';
import { blocksOf, shell, steady, stepsOf } from './documented-session.js';

const TUTORIAL = 'docs/guide/tutorial.md';
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const blocks = blocksOf(TUTORIAL);
const programs = blocks
  .filter(({ language }) => language === 'ts')
  .map(({ text }) => ({ path: /^\/\/ (\S+)\n/.exec(text)?.[1] ?? '', text }));

describe('the tutorial', () => {
  let ports: Ports;
  let running: Running[];
  /** Where its programs lie: inside the project, so that they find the packages. */
  let directory: string;

  beforeAll(async () => {
    ports = await freePorts();
    mkdirSync(join(ROOT, 'node_modules/.cache'), { recursive: true });
    directory = mkdtempSync(join(ROOT, 'node_modules/.cache/tutorial-'));
    writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
    // Express brings no types of its own, and the tutorial's reader installs them.
    writeFileSync(join(directory, 'express.d.ts'), "declare module 'express';");
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

  it('holds blocks that this test knows how to run, and no others', () => {
    expect(blocks.filter(({ language }) => !['sh', 'console', 'ts'].includes(language))).toEqual([]);
    expect(blocks.filter(({ language }) => language === 'sh').map(({ text }) => text)).toEqual([
      'npm ci && npm start\n',
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

  it('has the same blocks in its translation', () => {
    const code = (text: string) => text.replaceAll(/ *\/\/ .*$/gm, '');
    const translated = blocksOf('docs/guide/tutorial.zh-CN.md');
    expect(translated.map(({ text }) => code(text))).toEqual(blocks.map(({ text }) => code(text)));
  });

  it('shows sessions that answer as written', async () => {
    const home = mkdtempSync(join(tmpdir(), 'imcore-tutorial-'));
    const demo = startDemo(home, ports);
    await demo.says('Ctrl+C stops it.');
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

  it('shows programs that compile', () => {
    const options: ts.CompilerOptions = {
      target: ts.ScriptTarget.ES2023,
      lib: ['lib.es2023.d.ts'],
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      noImplicitAny: false,
      experimentalDecorators: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
    };
    const files = programs.map(({ path }) => join(directory, path));
    const program = ts.createProgram([...files, join(directory, 'express.d.ts')], options);
    const problems = ts.getPreEmitDiagnostics(program);
    program.emit();
    expect(problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
  });

  it('shows a Nest application that serves users on three transports and REST', async () => {
    const program = await start('nest/main.js');
    const bob = createClient({ url: `ws://127.0.0.1:${port('8080')}/websocket` });
    const said: string[] = [];
    bob.on('message', ({ from, content }) => said.push(`${from}: ${content}`));
    await bob.login({ userId: 'bob', token: 'secret-of-bob' });
    expect(await post('/push?to=bob&msg=news')).toEqual({ outcome: 'received' });
    expect(await post('/say?from=alice&to=bob&msg=hi')).toBe('sent');
    await bob.send({ to: '0', content: 'ping' });
    expect(await post('/push?to=carol&msg=later')).toEqual({ outcome: 'stored' });
    const eve = createClient({ url: `udp://127.0.0.1:${port('7901')}` });
    await expect(eve.login({ userId: 'eve', token: 'wrong' })).rejects.toMatchObject({ serverCode: 1025 });
    await program.says('bob is online via websocket');
    await program.says('alice is offline, kick code -1');
    expect(said).toEqual(['0: news', 'alice: hi', '0: echo: ping']);
    await Promise.all([bob.close(), eve.close()]);
    expect(await program.stop()).not.toBe(1);
  });

  it('shows a plain server and a client that talk', async () => {
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

  it.each(['fastify', 'express'])('shows a server beside %s, on its port', async (framework) => {
    const program = await start(`${framework}/server.js`);
    const bob = createClient({ url: `ws://127.0.0.1:${port('8080')}/websocket` });
    const said = new Promise<string>((resolve) => bob.on('message', ({ content }) => resolve(content)));
    await bob.login({ userId: 'bob' });
    expect(await post('/push?to=bob&msg=news')).toEqual({ outcome: 'received' });
    expect(await said).toBe('news');
    await bob.close();
    expect(await program.stop()).toBe(0);
  });
});
