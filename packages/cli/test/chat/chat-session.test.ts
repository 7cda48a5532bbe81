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

/** A real server and real clients on a simulated network and a virtual clock. */
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

  /** With `failsAt`, the first attempt to print that line fails. */
  async join(user: string, to?: string, token?: string, failsAt?: string) {
    const lines: string[] = [];
    let hasFailed = false;
    const write = (text: string) => {
      if (text.trimEnd() === failsAt && !hasFailed) {
        hasFailed = true;
        throw new Error('the terminal is gone');
      }
      return lines.push(text.trimEnd());
    };
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

  it('shows the connection and both sides of a conversation', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    const bob = await bench.join('bob', 'alice');
    await alice.session.take('hello');
    await bench.pass(100);
    expect(alice.lines).toEqual(['* Connected to tcp://h:1 as alice.', '… to bob: hello', '✓ to bob: hello']);
    expect(bob.lines).toEqual(['* Connected to tcp://h:1 as bob.', '  alice: hello']);
  });

  it('acknowledges a message when it is printed', async () => {
    await bench.startServer({}, false);
    const alice = await bench.join('alice', 'bob');
    const bob = await bench.join('bob', 'alice', undefined, '  alice: hello');

    await alice.session.take('hello');
    await bench.pass(1_000);
    expect(alice.lines.at(-1)).toBe('… to bob: hello');
    await bench.pass(5_000);

    expect(bob.lines.at(-1)).toBe('  alice: hello');
    expect(alice.lines.at(-1)).toBe('✓ to bob: hello');
  });

  it('shows a line that the server has stored as delivered', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('later');
    await bench.pass(2000);
    expect(alice.lines.at(-1)).toBe('✓ to nobody: later');
  });

  it('exits at once with code 0 when all lines are settled', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    await alice.session.leave();
    await bench.pass(100);
    expect(alice.code).toBe(0);
    expect(server.isOnline('alice')).toBe(false);
  });

  it('exits when the last line is settled', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('later');
    void alice.session.leave();
    await bench.pass(0);
    expect(alice.code).toBeUndefined();
    expect(alice.lines.at(-1)).toBe('* Waiting for 1 message to be acknowledged.');
    await bench.pass(2000);
    expect(alice.code).toBe(0);
  });

  it('exits at once at the second request, with code 1 if a line is not acknowledged', async () => {
    await bench.startServer({}, false);
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('lost');
    void alice.session.leave();
    void alice.session.leave();
    await bench.pass(0);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('not delivered: The session ended before the acknowledgement.');
  });

  it('reports a line that was not acknowledged, and exits with code 1', async () => {
    await bench.startServer({}, false);
    const alice = await bench.join('alice', 'nobody');
    await alice.session.take('lost');
    void alice.session.leave();
    await bench.pass(16_000);
    expect(alice.lines.at(-1)).toContain('✗ to nobody: lost\n  not delivered: No acknowledgement.');
    expect(alice.code).toBe(1);
  });

  it('exits with the reason when the login is rejected', async () => {
    await bench.startServer({ authenticate: () => ({ accept: false, code: 1025 }) });
    const alice = await bench.join('alice', 'bob', 'wrong');
    expect(alice.lines).toEqual([
      '* The server rejected the login of alice (code 1025). Check --user and --token. Codes from 1025 are defined by the application.',
    ]);
    expect(alice.code).toBe(1);
  });

  it('exits with the reason when the user logs in on another connection', async () => {
    await bench.startServer();
    const first = await bench.join('alice', 'bob');
    await bench.join('alice', 'bob');
    expect(first.lines.at(-1)).toContain('alice has logged in on another connection');
    expect(first.code).toBe(1);
  });

  it('exits with the reason when the server kicks the user', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    server.kick('alice', { reason: 'spam' });
    await bench.pass(100);
    expect(alice.lines.at(-1)).toBe('* The server closed the session (code 2): spam.');
    expect(alice.code).toBe(1);
  });

  it('exits when the first connection is not established in time', async () => {
    const alice = await bench.join('alice', 'bob');
    await alice.session.take('x');
    expect(alice.lines[0]).toMatch(/^\* .* Retrying in \d+ s\.$/);
    await bench.pass(31_000);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('✗ to bob: x');
  });

  it('reconnects when the server is back, and delivers what was typed meanwhile', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', 'bob');
    const bob = await bench.join('bob', 'alice');
    const closing = server.close({ drainMs: 0 });
    await bench.pass(10);
    await closing;
    await alice.session.take('are you back?');
    await bench.startServer();
    await bench.pass(10_000);
    expect(alice.lines).toContain('* Reconnected.');
    expect(alice.lines.at(-1)).toBe('✓ to bob: are you back?');
    expect(bob.lines.at(-1)).toBe('  alice: are you back?');
  });

  it('sends to the recipient of /to, and to none before', async () => {
    await bench.startServer();
    const alice = await bench.join('alice');
    await alice.session.take('hello?');
    expect(alice.lines.at(-1)).toBe('* No recipient: choose one with /to USER.');
    await alice.session.take('/to carol');
    await alice.session.take('hello');
    expect(alice.lines.slice(-2)).toEqual(['* Messages now go to carol.', '… to carol: hello']);
    expect(alice.session.to).toBe('carol');
  });

  it('shows help, and reports unknown commands', async () => {
    await bench.startServer();
    const alice = await bench.join('alice');
    await alice.session.take('/help');
    expect(alice.lines.at(-1)).toContain('/to USER');
    await alice.session.take('/dance');
    expect(alice.lines.at(-1)).toContain('Unknown command /dance');
  });

  it('pauses the input while many lines are waiting', async () => {
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
