import { memoryStore } from '@imcore/server';
import { type MemoryOutbox, memoryOutbox } from '@imcore/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { ChatBench } from './chat-bench.js';

const HOUR_MS = 60 * 60 * 1000;

describe('a chat that is a device', () => {
  let bench: ChatBench;
  let outbox: MemoryOutbox;

  beforeEach(() => {
    bench = new ChatBench();
    outbox = memoryOutbox();
  });

  const storeWithHistory = (): ReturnType<typeof memoryStore> =>
    memoryStore({ historyMs: HOUR_MS, wallTime: () => bench.clock.wallTime() });

  /** The lines without notices, with `T` for each time. */
  const messages = ({ lines }: { readonly lines: readonly string[] }): string[] =>
    lines.filter((line) => !line.startsWith('*')).map((line) => line.replace(/(?<=^. )\d\d:\d\d /, 'T '));

  it("shows the server's time of its lines and of received ones", async () => {
    await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob', outbox });
    const bob = await bench.join('bob', { to: 'alice', outbox: memoryOutbox() });
    await alice.session.take('hello');
    await bench.pass(100);
    expect(messages(alice)).toEqual(['… to bob: hello', '✓ T to bob: hello']);
    expect(messages(bob)).toEqual(['  T alice: hello']);
  });

  it('shows what the user has sent with another device', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob', outbox });
    const other = await bench.join('alice', { to: 'bob', outbox: memoryOutbox() });
    await other.session.take('from the other one');
    await bench.pass(100);
    expect(messages(alice)).toEqual(['✓ T to bob (another device): from the other one']);
    expect(messages(other)).toEqual(['… to bob: from the other one', '✓ T to bob: from the other one']);
  });

  it('shows the end of the conversation at the start, oldest first', async () => {
    await bench.startServer({}, storeWithHistory());
    const bob = await bench.join('bob', { to: 'alice', outbox: memoryOutbox() });
    const first = await bench.join('alice', { to: 'bob', outbox });
    await bob.session.take('1');
    await first.session.take('2');
    await bench.pass(100);
    await first.session.leave();
    await bench.pass(300);

    const second = await bench.join('alice', { to: 'bob', outbox });
    await bench.pass(300);
    expect(messages(second)).toEqual(['· T bob: 1', '· T to bob: 2']);
  });

  it('shows no history at the start with 0 lines', async () => {
    await bench.startServer({}, storeWithHistory());
    const first = await bench.join('alice', { to: 'bob', outbox });
    await first.session.take('hello');
    await bench.pass(100);
    await first.session.leave();
    await bench.pass(300);
    const second = await bench.join('alice', { to: 'bob', outbox, historyLines: 0 });
    await bench.pass(300);
    expect(messages(second)).toEqual([]);
  });

  it('shows a missed message once, whether the log or the history brings it first', async () => {
    await bench.startServer({}, storeWithHistory());
    const bob = await bench.join('bob', { to: 'alice', outbox: memoryOutbox() });
    const first = await bench.join('alice', { to: 'bob', outbox });
    await first.session.leave();
    await bench.pass(300);
    await bob.session.take('missed');
    await bench.pass(100);
    const second = await bench.join('alice', { to: 'bob', outbox });
    await bench.pass(300);
    expect(messages(second).filter((line) => line.endsWith('bob: missed'))).toHaveLength(1);
  });

  it('goes on in the history with /history, and says where it ends', async () => {
    await bench.startServer({}, storeWithHistory());
    const bob = await bench.join('bob', { to: 'alice', outbox: memoryOutbox() });
    const first = await bench.join('alice', { outbox });
    for (const text of ['1', '2', '3', '4']) await bob.session.take(text);
    await bench.pass(100);
    await first.session.leave();
    await bench.pass(300);

    const alice = await bench.join('alice', { to: 'bob', outbox, historyLines: 1 });
    await bench.pass(300);
    expect(messages(alice)).toEqual(['· T bob: 4']);
    void alice.session.take('/history 2');
    await bench.pass(300);
    expect(messages(alice).slice(1)).toEqual(['· T bob: 2', '· T bob: 3']);
    void alice.session.take('/history');
    await bench.pass(300);
    void alice.session.take('/history');
    await bench.pass(300);
    expect(messages(alice).slice(3)).toEqual(['· T bob: 1']);
    expect(alice.lines.at(-1)).toBe('* No earlier messages with bob.');
  });

  it('shows the history of another conversation when it is chosen', async () => {
    await bench.startServer({}, storeWithHistory());
    const carol = await bench.join('carol', { to: 'alice', outbox: memoryOutbox() });
    const first = await bench.join('alice', { outbox });
    await carol.session.take('hi');
    await bench.pass(100);
    await first.session.leave();
    await bench.pass(300);
    const alice = await bench.join('alice', { to: 'bob', outbox });
    void alice.session.take('/to carol');
    await bench.pass(300);
    expect(messages(alice)).toEqual(['· T carol: hi']);
  });

  it('starts without history if the server keeps none, and says so when it is asked', async () => {
    await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob', outbox });
    expect(alice.lines).toEqual(['* Connected to tcp://h:1 as alice.']);
    void alice.session.take('/history');
    await bench.pass(300);
    expect(alice.lines.at(-1)).toBe(
      '* The server keeps no history. imcore serve has the setting --history-ms.',
    );
  });

  it('says that messages may be missing when the server has another log', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob', outbox });
    await alice.session.take('hello');
    await bench.pass(300);
    const closing = server.close({ drainMs: 0 });
    await bench.pass(100);
    await closing;
    await bench.startServer();
    await bench.pass(5_000);
    expect(alice.lines).toContainEqual(expect.stringContaining('* Messages may be missing: '));
  });

  it('shows the code with which the server has rejected a line', async () => {
    await bench.startServer({ authorizeMessage: () => ({ accept: false, code: 'ERR_NO_FRIEND' }) });
    const alice = await bench.join('alice', { to: 'bob', outbox });
    await alice.session.take('hello');
    await bench.pass(300);
    expect(alice.lines.at(-1)).toBe(
      '✗ to bob: hello\n  not delivered: The server rejected the message with ERR_NO_FRIEND.',
    );
  });

  it('sends lines of an earlier run that are still in the outbox', async () => {
    const first = await bench.join('alice', { to: 'bob', outbox });
    await first.session.take('before');
    await bench.pass(100);
    void first.session.leave();
    void first.session.leave();
    await bench.pass(300);
    expect(first.lines.at(-1)).toContain(
      '✗ to bob: before\n  not delivered: It will be sent after the next login.',
    );

    await bench.startServer();
    const second = await bench.join('alice', { outbox });
    await bench.pass(300);
    expect(messages(second)).toEqual(['… to bob: before', '✓ T to bob: before']);
  });

  it('ends 35 s after the request although a line is not acknowledged', async () => {
    const server = await bench.startServer();
    const alice = await bench.join('alice', { to: 'bob', outbox });
    const closing = server.close({ drainMs: 0 });
    await bench.pass(100);
    await closing;
    await alice.session.take('hello');
    void alice.session.leave();
    await bench.pass(34_000);
    expect(alice.code).toBeUndefined();
    await bench.pass(2_000);
    expect(alice.code).toBe(1);
    expect(alice.lines.at(-1)).toContain('It will be sent after the next login.');
  });

  describe('with other devices', () => {
    const list = async ({ session, lines }: Awaited<ReturnType<ChatBench['join']>>): Promise<string> => {
      void session.take('/devices');
      await bench.pass(300);
      return lines.at(-1) ?? '';
    };

    it('lists them, and logs one out', async () => {
      await bench.startServer();
      const alice = await bench.join('alice', { outbox });
      const other = await bench.join('alice', { outbox: memoryOutbox() });
      const listed = await list(alice);
      expect(listed).toMatch(/^\* |online, this one/);
      const [id = ''] = /[\da-f-]{8}(?= {2}web, Chrome {2}online$)/m.exec(listed) ?? [];
      void alice.session.take(`/logout ${id}`);
      await bench.pass(300);
      expect(alice.lines.at(-1)).toBe(`* Logged out ${id}. It is a new device if it logs in again.`);
      expect(other.lines.at(-1)).toBe(
        '* An administrator or another device of yours has logged out this one.',
      );
      expect(other.code).toBe(1);
      expect(await list(alice)).not.toContain(id);
    });

    it('logs out none whose ID does not match, or if several match', async () => {
      await bench.startServer();
      const alice = await bench.join('alice', { outbox });
      void alice.session.take('/logout zzz');
      await bench.pass(300);
      expect(alice.lines.at(-1)).toBe('* No device has an ID that begins with zzz. /devices lists them.');
    });
  });

  it('says what is needed for devices without one', async () => {
    await bench.startServer();
    const alice = await bench.join('alice');
    void alice.session.take('/devices');
    await bench.pass(300);
    expect(alice.lines.at(-1)).toBe(
      '* History and devices need a server with a store, and a device. Start imcore chat with --device FOLDER.',
    );
  });
});
