import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FREE_PORTS, Run } from './run.js';

describe('the imcore command', () => {
  let directory: string;
  let runs: Run[];

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-command-'));
    runs = [];
  });

  afterEach(async () => {
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.map(({ exited }) => exited));
    rmSync(directory, { recursive: true });
  });

  const start = (...args: string[]): Run => {
    const run = new Run(...args);
    runs.push(run);
    return run;
  };

  const serve = async (...args: string[]): Promise<Run> => {
    const server = start('serve', ...FREE_PORTS, ...args);
    await server.says('Press Ctrl+C to stop.');
    return server;
  };

  const chat = (user: string, to: string, url: string, ...args: string[]): Run =>
    start('chat', '--user', user, '--to', to, '--url', url, ...args);

  it('connects two users over different transports', async () => {
    const server = await serve();
    const alice = chat('alice', 'bob', server.url('tcp'));
    const bob = chat('bob', 'alice', server.url('ws'));
    await Promise.all([alice.says('Connected'), bob.says('Connected')]);
    alice.type('hello 你好 😀');
    await bob.says('  alice: hello 你好 😀\n');
    await alice.says('✓ to bob: hello 你好 😀\n');
    bob.type('hello yourself');
    await alice.says('  bob: hello yourself\n');
    alice.process.stdin.end();
    bob.process.stdin.end();
    expect(await Promise.all([alice.exited, bob.exited])).toEqual([0, 0]);
  });

  it('delivers stored messages over UDP, after a restart of the server', async () => {
    const file = join(directory, 'messages.db');
    const first = await serve('--store', file);
    const alice = chat('alice', 'bob', first.url('tcp'));
    alice.type('for later');
    alice.process.stdin.end();
    expect(await alice.exited).toBe(0);
    first.process.kill('SIGTERM');
    expect(await first.exited).toBe(0);

    const second = await serve('--store', file);
    const bob = chat('bob', 'alice', second.url('udp'));
    await bob.says('  alice: for later\n');
  });

  it('exits with 1 and the reason when the login is rejected', async () => {
    const server = await serve('--token', 'open sesame');
    const wrong = chat('alice', 'bob', server.url('tcp'), '--token', 'guess');
    expect(await wrong.exited).toBe(1);
    expect(wrong.errors).toContain('rejected the login of alice (code 1025)');
    const right = chat('alice', 'bob', server.url('tcp'), '--token', 'open sesame');
    right.process.stdin.end();
    expect(await right.exited).toBe(0);
    expect(server.output + server.errors).not.toMatch(/sesame|guess/);
  });

  it('exits with 1 and advice when no server is listening', async () => {
    const alone = chat('alice', 'bob', 'tcp://127.0.0.1:1', '--wait', '1');
    expect(await alone.exited).toBe(1);
    expect(alone.errors).toContain('No server is listening at tcp://127.0.0.1:1.');
    expect(alone.errors).toContain('imcore serve');
  });

  it('writes its log as JSON lines', async () => {
    const server = await serve('--store', 'none');
    const alice = chat('alice', 'bob', server.url('tcp'));
    await server.says('"userId":"alice"');
    alice.process.stdin.end();
    await alice.exited;
    server.process.kill('SIGTERM');
    await server.exited;
    const messages = server.output
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages).toEqual([
      'listening',
      'listening',
      'listening',
      'online',
      'offline',
      'stopping',
      'stopped',
    ]);
  });

  it('continues when its log can no longer be written', async () => {
    const server = await serve('--store', 'none');
    server.process.stdout.destroy();
    const alice = chat('alice', 'bob', server.url('tcp'));
    await alice.says('Connected');
    await server.says('continues without it');
    const bob = chat('bob', 'alice', server.url('ws'));
    await bob.says('Connected');
    bob.type('still here?');
    await alice.says('  bob: still here?\n');
  });

  it('waits for messages in flight at shutdown, and exits at once at the second signal', async () => {
    const server = await serve('--drain-ms', '60000', '--store', 'none');
    const alice = chat('alice', 'bob', server.url('tcp'));
    const bob = chat('bob', 'alice', server.url('tcp'));
    await bob.says('Connected');
    bob.process.kill('SIGSTOP');
    alice.type('never acknowledged');
    await alice.says('… to bob');
    alice.type('/to alice');
    alice.type('the one before is at the server');
    await alice.says('✓ to alice');
    server.process.kill('SIGTERM');
    await server.says('"msg":"stopping"');
    await server.says('Press Ctrl+C again to force quit.');
    server.process.kill('SIGTERM');
    expect(await server.exited).toBe(143);
  });

  it('rejects an invalid setting with its valid values', async () => {
    const server = start('serve', '--tcp-port', '70000');
    expect(await server.exited).toBe(1);
    expect(server.errors).toBe(
      'imcore: --tcp-port must be a number from 0 to 65535, or "off", got "70000"\n',
    );
  });

  it('explains that a port is in use', async () => {
    const server = await serve();
    const port = new URL(server.url('tcp')).port;
    const second = start(
      'serve',
      '--host',
      '127.0.0.1',
      '--tcp-port',
      port,
      '--udp-port',
      'off',
      '--ws-port',
      'off',
    );
    expect(await second.exited).toBe(1);
    expect(second.errors).toContain(`127.0.0.1:${port} is already in use`);
  });
});
