import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, fileOutbox, type ImClient } from '@imcore/client/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FREE_PORTS, Run } from './run.js';

const TIME = '(?:[\\d-]+ )?\\d\\d:\\d\\d';

describe('imcore chat on several devices of a user', () => {
  let folder: string;
  let runs: Run[];
  let clients: ImClient[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'imcore-chat-devices-'));
    runs = [];
    clients = [];
  });

  afterEach(async () => {
    await Promise.all(clients.map((client) => client.close()));
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.map(({ exited }) => exited));
    rmSync(folder, { recursive: true });
  });

  const start = (...args: string[]): Run => {
    const run = new Run(...args);
    runs.push(run);
    return run;
  };

  const serve = async (...args: string[]): Promise<Run> => {
    const server = start('serve', ...FREE_PORTS, '--history-ms', '3600000', ...args);
    await server.says('Press Ctrl+C to stop.');
    return server;
  };

  /** A terminal of a user that is the device in the folder of this name. */
  const terminal = async (user: string, to: string, url: string, device: string): Promise<Run> => {
    const run = start('chat', '--user', user, '--to', to, '--url', url, '--device', join(folder, device));
    await run.says('Connected');
    return run;
  };

  const client = async (user: string, url: string): Promise<ImClient> => {
    const created = createClient({
      url,
      outbox: fileOutbox(join(folder, `client-of-${user}`)),
      device: { kind: 'web', name: 'A program' },
    });
    clients.push(created);
    await created.login({ userId: user });
    return created;
  };

  it('shows the same conversation in two terminals and a client of the SDK', async () => {
    const server = await serve();
    const program = await client('alice', server.url('tcp'));
    const seen: string[] = [];
    program.on('message', ({ isOwn, content }) =>
      seen.push(`${isOwn === true ? 'own' : 'received'}: ${content}`),
    );
    const first = await terminal('alice', 'bob', server.url('tcp'), 'first');
    const second = await terminal('alice', 'bob', server.url('ws'), 'second');
    const bob = await terminal('bob', 'alice', server.url('udp'), 'bob');

    first.type('from the first terminal');
    await second.says('to bob (another device): from the first terminal\n');
    await program.send({ to: 'bob', content: 'from the program' });
    await Promise.all([first, second].map((run) => run.says('to bob (another device): from the program\n')));
    await bob.says('alice: from the program\n');
    bob.type('an answer');
    await Promise.all([first, second].map((run) => run.says('bob: an answer\n')));
    await expect.poll(() => seen).toEqual(['own: from the first terminal', 'received: an answer']);
    expect(first.output).toMatch(new RegExp(`^✓ ${TIME} to bob: from the first terminal$`, 'm'));
    expect(second.output).toMatch(new RegExp(`^ {2}${TIME} bob: an answer$`, 'm'));

    first.type('/devices');
    await first.says('web, A program  online\n');
    const [id = ''] = /\S+(?= {2}web, A program {2}online)/.exec(first.errors) ?? [];
    const kicked = new Promise((resolve) => program.on('kicked', resolve));
    first.type(`/logout ${id}`);
    await first.says(`Logged out ${id}.`);
    expect(await kicked).toMatchObject({ code: 2 });
  });

  it('goes on where it was after a restart, with what was said before', async () => {
    const server = await serve('--store', join(folder, 'messages.db'));
    const bob = await client('bob', server.url('tcp'));
    const first = await terminal('alice', 'bob', server.url('tcp'), 'alice');
    await bob.send({ to: 'alice', content: 'one' });
    await first.says('bob: one\n');
    first.process.stdin.end();
    expect(await first.exited).toBe(0);
    await bob.send({ to: 'alice', content: 'missed' });

    const second = await terminal('alice', 'bob', server.url('ws'), 'alice');
    await second.says('bob: missed\n');
    await second.says('bob: one\n');
    expect(second.output).toMatch(new RegExp(`^· ${TIME} bob: one$`, 'm'));
    expect(second.output.match(/bob: missed/g)).toHaveLength(1);
  });

  it('rejects a folder that another terminal uses', async () => {
    const server = await serve();
    await terminal('alice', 'bob', server.url('tcp'), 'alice');
    const second = start(
      ...['chat', '--user', 'alice', '--url', server.url('tcp'), '--device', join(folder, 'alice')],
    );
    expect(await second.exited).toBe(1);
    expect(second.errors).toBe(
      `imcore: Other programs are devices of alice in ${join(folder, 'alice')}\n` +
        'Choose another folder with --device, or use --no-device.\n',
    );
  });

  it('rejects a number of earlier messages that is out of range', async () => {
    const run = start('chat', '--user', 'alice', '--history', '1001');
    expect(await run.exited).toBe(1);
    expect(run.errors).toBe('imcore: --history must be a whole number from 0 to 1000, got "1001"\n');
  });
});
