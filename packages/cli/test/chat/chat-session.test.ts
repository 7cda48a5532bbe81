import { createClient, silentLogger } from '@imcore/client';
import { createServer, type Hooks, type ImServer, memoryStore } from '@imcore/server';
import {
  memoryServerTransport,
  memoryTransport,
  SeededRandom,
  SimulatedNetwork,
  VirtualClock,
} from '@imcore/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChatSession } from '../../src/chat/chat-session.js';
import { PlainScreen } from '../../src/chat/plain-screen.js';

const PORT = 8901;

/** A real server and real clients on a simulated network, in virtual time. */
class ChatBench {
  readonly clock = new VirtualClock();
  readonly network = new SimulatedNetwork({ clock: this.clock, random: new SeededRandom(1) });
  server: ImServer | undefined;

  async startServer(hooks: Hooks = {}, stores = true): Promise<ImServer> {
    const server = createServer({
      transports: [memoryServerTransport({ network: this.network, transport: 'tcp', port: PORT })],
      clock: this.clock,
      logger: silentLogger,
      hooks,
      ...(stores && { store: memoryStore() }),
    });
    await server.listen();
    this.server = server;
    return server;
  }

  async join(user: string, to?: string, token?: string) {
    const lines: string[] = [];
    const write = (text: string) => lines.push(text.trimEnd());
    const link = this.network.link(user);
    const client = createClient({
      transport: memoryTransport({ link, kind: 'tcp', port: PORT }),
      clock: this.clock,
      random: () => 0.5,
      logger: silentLogger,
    });
    const screen = new PlainScreen(write, write, () => this.clock.wallTime());
    const session = new ChatSession({ client, screen, context: { user, url: 'tcp://h:1' }, token, to });
    const chat = { session, lines, code: undefined as number | undefined, link };
    void session.ended.then((code) => {
      chat.code = code;
    });
    await this.pass(100);
    return chat;
  }

  pass(ms: number): Promise<void> {
    return this.clock.advanceAsync(ms, 50);
  }
}

describe('ChatSession', () => {
  let bench: ChatBench;

  beforeEach(() => {
    bench = new ChatBench();
  });

  it('says who is connected, and shows both sides of a conversation', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    const bob = await bench.join('bob', 'alice');
    await alice.session.take('hello');
    await bench.pass(100);
    expect(alice.lines).toEqual(['* Connected to tcp://h:1 as alice.', '… to bob: hello', '✓ to bob: hello']);
    expect(bob.lines).toEqual(['* Connected to tcp://h:1 as bob.', '  alice: hello']);
  });

  it('counts a line as delivered that the server keeps', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('later');
    await bench.pass(2000);
    expect(alice.lines.at(-1)).toBe('✓ to nobody: later');
  });

  it('leaves at once when all is settled, with code 0', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    await alice.session.leave();
    await bench.pass(100);
    expect(alice.code).toBe(0);
    expect(server.isOnline('alice')).toBe(false);
  });

  it('leaves only when the last line is settled', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('later');
    void alice.session.leave();
    await bench.pass(0);
    expect(alice.code).toBeUndefined();
    expect(alice.lines.at(-1)).toBe('* Waiting for 1 line to be confirmed.');
    await bench.pass(2000);
    expect(alice.code).toBe(0);
  });

  it('leaves at once when asked a second time, with code 1 for what was not confirmed', async () => {
    await bench.startServer({}, false);
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('lost');
    void alice.session.leave();
    void alice.session.leave();
    await bench.pass(0);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('not delivered: The login ended before it was confirmed.');
  });

  it('reports a line that nobody took, and ends with code 1', async () => {
    await bench.startServer({}, false);
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('lost');
    void alice.session.leave();
    await bench.pass(16_000);
    expect(alice.lines.at(-1)).toContain('✗ to nobody: lost\n  not delivered: Nobody has confirmed it.');
    expect(alice.code).toBe(1);
  });

  it('ends with the reason when the login is refused', async () => {
    await bench.startServer({ authenticate: () => ({ accept: false, code: 1025 }) });
    const alice = await bench.join('alice', 'bob', 'wrong');
    expect(alice.lines).toEqual([
      '* The server has refused the login of alice (code 1025). Check --user and --token; codes from 1025 are the application’s own.',
    ]);
    expect(alice.code).toBe(1);
  });

  it('ends with the reason when the user logs in somewhere else', async () => {
    await bench.startServer();
    const first = await bench.join('alice', 'bob');
    await bench.join('alice', 'bob');
    expect(first.lines.at(-1)).toContain('alice has logged in somewhere else');
    expect(first.code).toBe(1);
  });

  it('ends with the reason when an administrator kicks', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    server.kick('alice', { reason: 'spam' });
    await bench.pass(100);
    expect(alice.lines.at(-1)).toBe('* The server has ended this login (code 2): spam.');
    expect(alice.code).toBe(1);
  });

  it('gives up after the first connection has not come about in time', async () => {
    const alice = await bench.join('alice', 'bob');
    await alice.session.take('x');
    expect(alice.lines[0]).toMatch(/^\* .* Next try in \d+ s\.$/);
    await bench.pass(31_000);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('✗ to bob: x');
  });

  it('comes back after the server was away, and delivers what was said meanwhile', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    const bob = await bench.join('bob', 'alice');
    const closing = server.close({ drainMs: 0 });
    await bench.pass(10);
    await closing;
    await alice.session.take('are you back?');
    await bench.startServer();
    await bench.pass(10_000);
    expect(alice.lines).toContain('* Connected again.');
    expect(alice.lines.at(-1)).toBe('✓ to bob: are you back?');
    expect(bob.lines.at(-1)).toBe('  alice: are you back?');
  });

  it('talks to whom /to says, and to nobody before', async () => {
    await bench.startServer();
    const alice = await bench.join('alice');
    await alice.session.take('hello?');
    expect(alice.lines.at(-1)).toBe('* Nobody is chosen: /to USER says whom to talk to.');
    await alice.session.take('/to carol');
    await alice.session.take('hello');
    expect(alice.lines.slice(-2)).toEqual(['* What you type goes to carol now.', '… to carol: hello']);
    expect(alice.session.to).toBe('carol');
  });

  it('explains commands, known and unknown', async () => {
    await bench.startServer();
    const alice = await bench.join('alice');
    await alice.session.take('/help');
    expect(alice.lines.at(-1)).toContain('/to USER');
    await alice.session.take('/dance');
    expect(alice.lines.at(-1)).toContain('There is no command /dance');
  });

  it('reads no further while very many lines wait', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'nobody');
    let taken = 0;
    const feed = async () => {
      for (; taken < 1000; taken++) await alice.session.take(`line ${taken}`);
    };
    void feed();
    await bench.pass(10);
    expect(taken).toBeLessThan(300);
    await bench.pass(30_000);
    expect(taken).toBe(1000);
  });
});
