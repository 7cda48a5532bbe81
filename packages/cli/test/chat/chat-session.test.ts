import { beforeEach, describe, expect, it } from 'vitest';
import { ChatBench } from './chat-bench.js';

describe('ChatSession', () => {
  let bench: ChatBench;

  beforeEach(() => {
    bench = new ChatBench();
  });

  it('shows the connection and both sides of a conversation', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob' });
    const bob = await bench.join('bob', { to: 'alice' });
    await alice.session.take('hello');
    await bench.pass(100);
    expect(alice.lines).toEqual(['* Connected to tcp://h:1 as alice.', '… to bob: hello', '✓ to bob: hello']);
    expect(bob.lines).toEqual(['* Connected to tcp://h:1 as bob.', '  alice: hello']);
  });

  it('acknowledges a message when it is printed', async () => {
    await bench.startServer({}, 'none');
    const alice = await bench.join('alice', { to: 'bob' });
    const bob = await bench.join('bob', { to: 'alice', failsAt: '  alice: hello' });

    await alice.session.take('hello');
    await bench.pass(1_000);
    expect(alice.lines.at(-1)).toBe('… to bob: hello');
    await bench.pass(5_000);

    expect(bob.lines.at(-1)).toBe('  alice: hello');
    expect(alice.lines.at(-1)).toBe('✓ to bob: hello');
  });

  it('shows a line that the server has stored as delivered', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', { to: 'nobody' });
    await alice.session.take('later');
    await bench.pass(2000);
    expect(alice.lines.at(-1)).toBe('✓ to nobody: later');
  });

  it('exits at once with code 0 when all lines are settled', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob' });
    await alice.session.leave();
    await bench.pass(100);
    expect(alice.code).toBe(0);
    expect(server.isOnline('alice')).toBe(false);
  });

  it('exits when the last line is settled', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', { to: 'nobody' });
    await alice.session.take('later');
    void alice.session.leave();
    await bench.pass(0);
    expect(alice.code).toBeUndefined();
    expect(alice.lines.at(-1)).toBe('* Waiting for 1 message to be acknowledged.');
    await bench.pass(2000);
    expect(alice.code).toBe(0);
  });

  it('exits at once at the second request, with code 1 if a line is not acknowledged', async () => {
    await bench.startServer({}, 'none');
    const alice = await bench.join('alice', { to: 'nobody' });
    await alice.session.take('lost');
    void alice.session.leave();
    void alice.session.leave();
    await bench.pass(0);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('not delivered: The session ended before the acknowledgement.');
  });

  it('reports a line that was not acknowledged, and exits with code 1', async () => {
    await bench.startServer({}, 'none');
    const alice = await bench.join('alice', { to: 'nobody' });
    await alice.session.take('lost');
    void alice.session.leave();
    await bench.pass(16_000);
    expect(alice.lines.at(-1)).toContain('✗ to nobody: lost\n  not delivered: No acknowledgement.');
    expect(alice.code).toBe(1);
  });

  it('exits with the reason when the login is rejected', async () => {
    await bench.startServer({ authenticate: () => ({ accept: false, code: 1025 }) });
    const alice = await bench.join('alice', { to: 'bob', token: 'wrong' });
    expect(alice.lines).toEqual([
      '* The server rejected the login of alice (code 1025). Check --user and --token. Codes from 1025 are defined by the application.',
    ]);
    expect(alice.code).toBe(1);
  });

  it('exits with the reason when the user logs in on another connection', async () => {
    await bench.startServer();
    const first = await bench.join('alice', { to: 'bob' });
    await bench.join('alice', { to: 'bob' });
    expect(first.lines.at(-1)).toContain('alice has logged in on another connection');
    expect(first.code).toBe(1);
  });

  it('exits with the reason when the server kicks the user', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob' });
    server.kick('alice', { reason: 'spam' });
    await bench.pass(100);
    expect(alice.lines.at(-1)).toBe('* The server closed the session (code 2): spam.');
    expect(alice.code).toBe(1);
  });

  it('exits when the first connection is not established in time', async () => {
    const alice = await bench.join('alice', { to: 'bob' });
    await alice.session.take('x');
    expect(alice.lines[0]).toMatch(/^\* .* Retrying in \d+ s\.$/);
    await bench.pass(31_000);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('✗ to bob: x');
  });

  it('reconnects when the server is back, and delivers what was typed meanwhile', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob' });
    const bob = await bench.join('bob', { to: 'alice' });
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
    await bench.startServer({}, 'none');
    const alice = await bench.join('alice', { to: 'nobody' });
    let taken = 0;
    const feed = async () => {
      for (; taken < 1000; taken++) await alice.session.take(`line ${taken}`);
    };
    void feed();
    await bench.pass(10);
    expect(taken).toBeLessThan(300);
    await bench.pass(70_000);
    expect(taken).toBe(1000);
  });
});
