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
    await server.says('Ctrl+C stops it.');
    return server;
  };

  const chat = (user: string, to: string, url: string, ...args: string[]): Run =>
    start('chat', '--user', user, '--to', to, '--url', url, ...args);

  it('lets two people talk over different transports', async () => {
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

  it('delivers over UDP what was said while the other was away, even by a server that has restarted', async () => {
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

  it('ends with 1 and the reason when the login is refused', async () => {
    const server = await serve('--token', 'open sesame');
    const wrong = chat('alice', 'bob', server.url('tcp'), '--token', 'guess');
    expect(await wrong.exited).toBe(1);
    expect(wrong.errors).toContain('refused the login of alice (code 1025)');
    const right = chat('alice', 'bob', server.url('tcp'), '--token', 'open sesame');
    right.process.stdin.end();
    expect(await right.exited).toBe(0);
    expect(server.output + server.errors).not.toMatch(/sesame|guess/);
  });

  it('ends with 1 and advice when no server listens', async () => {
    const alone = chat('alice', 'bob', 'tcp://127.0.0.1:1', '--wait', '1');
    expect(await alone.exited).toBe(1);
    expect(alone.errors).toContain('Nothing listens at tcp://127.0.0.1:1.');
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

  it('goes on where nobody reads its log any more', async () => {
    const server = await serve('--store', 'none');
    server.process.stdout.destroy();
    const alice = chat('alice', 'bob', server.url('tcp'));
    await alice.says('Connected');
    await server.says('goes on without its log');
    const bob = chat('bob', 'alice', server.url('ws'));
    await bob.says('Connected');
    bob.type('still here?');
    await alice.says('  bob: still here?\n');
  });

  it('waits at the end for what is under way, and ends at once at the second signal', async () => {
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
    server.process.kill('SIGTERM');
    expect(await server.exited).toBe(143);
  });

  it('refuses a setting that cannot be, and says what may', async () => {
    const server = start('serve', '--tcp-port', '70000');
    expect(await server.exited).toBe(1);
    expect(server.errors).toBe('imcore: --tcp-port is "70000"\nAllowed: 0 to 65535, or off.\n');
  });

  it('says who else wants the port', async () => {
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
    expect(second.errors).toContain(`127.0.0.1:${port} is taken by another program`);
  });
});
