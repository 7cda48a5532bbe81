import { afterEach, describe, expect, it, vi } from 'vitest';
import { createServer } from '../src/create-server.js';
import type { LoginVerdict } from '../src/hooks.js';
import type { Logger } from '../src/ports/logger.js';
import { openBench, START_TIME } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { PeerTransport } from './support/peer-transport.js';
import { login, message } from './support/wire.js';

type Level = 'debug' | 'info' | 'warn' | 'error';

interface Line {
  readonly level: Level;
  readonly fields: object;
  readonly text: string;
}

function recordingLogger(): { logger: Logger; lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: Level) => (fields: object, text: string) => {
    lines.push({ level, fields, text });
  };
  return {
    lines,
    logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

describe('the log', () => {
  it('has an entry for each user who comes online or goes offline', async () => {
    const { logger, lines } = recordingLogger();
    const bench = await openBench({ logger });
    const alice = await bench.online('alice', 'tcp', { extra: 'phone' });
    alice.leave();
    await bench.settle();
    expect(lines).toMatchObject([
      {
        level: 'info',
        text: 'online',
        fields: {
          userId: 'alice',
          transport: 'tcp',
          remoteAddress: '192.0.2.1',
          remotePort: expect.any(Number),
          firstLoginTime: START_TIME,
        },
      },
      { level: 'info', text: 'offline', fields: { userId: 'alice', kickCode: -1 } },
    ]);
  });

  it('builds no entries for a level while it is disabled', async () => {
    const { logger, lines } = recordingLogger();
    let isEnabled = false;
    const isLevelEnabled = (level: string): boolean => level !== 'info' || isEnabled;
    const bench = await openBench({ logger: { ...logger, isLevelEnabled } });
    const alice = await bench.online('alice');
    expect(lines).toEqual([]);
    isEnabled = true;
    alice.leave();
    await bench.settle();
    expect(lines).toMatchObject([{ text: 'offline' }]);
  });

  it('warns of broken packets, of limits and of messages that were never acknowledged', async () => {
    const { logger, lines } = recordingLogger();
    const bench = await openBench({ logger, limits: { maxUnacknowledged: 1 } });
    const alice = await bench.online('alice');
    await bench.online('bob', 'udp', { remoteAddress: '192.0.2.2' });
    alice.write(message('alice', 'bob', 'one', 'fp-1'), message('alice', 'bob', 'two', 'fp-2'));
    bench.connect('udp').write('noise');
    await bench.advance(10_000);
    expect(lines.filter(({ level }) => level === 'warn')).toMatchObject([
      {
        text: 'a limit was reached',
        fields: { limit: 'maxUnacknowledged', value: 1, userId: 'alice', times: 1 },
      },
      { text: 'a peer violated the protocol', fields: { code: 'ERR_MALFORMED_PACKET', transport: 'udp' } },
      { text: 'messages were never acknowledged', fields: { userId: 'bob', fingerprints: ['fp-1'] } },
    ]);
  });

  it.each([
    [false, ['messages are kept in memory only']],
    [true, []],
  ])('warns once that a store does not survive the process (durable: %s)', async (durable, warnings) => {
    const { logger, lines } = recordingLogger();
    const store = Object.assign(new ControlledStore(), { durable });
    const bench = await openBench({ logger, store });
    await bench.online('alice');
    expect(lines.filter(({ level }) => level === 'warn').map(({ text }) => text)).toEqual(warnings);
  });

  it('has an entry for a limit at most every ten seconds, with the number of times', async () => {
    const { logger, lines: all } = recordingLogger();
    const bench = await openBench({ logger, limits: { packetsPerSecond: 1 } });
    const lines = () => all.filter(({ level }) => level === 'warn');
    const peer = await bench.online('alice', 'udp');
    for (let i = 0; i < 1002; i++) peer.write('{"type":5}');
    await bench.advance(9999);
    for (let i = 0; i < 20; i++) peer.write('{"type":5}');
    expect(lines()).toHaveLength(1);
    await bench.advance(1);
    const next = await bench.online('bob', 'udp');
    for (let i = 0; i < 20; i++) next.write('{"type":5}');
    expect(lines()).toHaveLength(2);
    expect(lines()[0]).toMatchObject({ fields: { times: 1 } });
    expect(lines()[1]).toMatchObject({ fields: { times: 1022 } });
  });

  it('cannot be filled by a peer with unreadable packets', async () => {
    const { logger, lines } = recordingLogger();
    const bench = await openBench({ logger });
    const peer = bench.connect('udp');
    for (let i = 0; i < 1000; i++) peer.write('noise');
    expect(lines).toMatchObject([{ text: 'a peer violated the protocol', fields: { times: 1 } }]);
    await bench.advance(10_000);
    bench.connect('udp').write('noise');
    expect(lines.slice(1)).toMatchObject([{ fields: { times: 1001 } }]);
  });

  it('cannot be filled by two users with messages that are never acknowledged', async () => {
    const { logger, lines } = recordingLogger();
    const bench = await openBench({ logger });
    const alice = await bench.online('alice');
    await bench.online('bob', 'tcp', { remoteAddress: '192.0.2.2' });
    for (let i = 0; i < 50; i++) alice.write(message('alice', 'bob', 'one', `fp-${i}`));
    await bench.advance(10_000);
    expect(lines.filter(({ text }) => text === 'messages were never acknowledged')).toMatchObject([
      { fields: { userId: 'bob', fingerprints: ['fp-0'], times: 1 } },
    ]);
  });

  it('has one error in ten seconds for a hook whose answers are invalid', async () => {
    const { logger, lines } = recordingLogger();
    const authenticate = () => true as unknown as LoginVerdict;
    const bench = await openBench({ logger, hooks: { authenticate } });
    for (let at = 0; at < 5; at++) bench.connect().write(login(`user-${at}`));
    await bench.advance(10_000);
    bench.connect().write(login('late'));
    const text =
      'hook authenticate failed: must return { accept: true } or { accept: false, code } with a whole number other than 0, got true';
    expect(lines).toMatchObject([
      { level: 'error', text, fields: { times: 1, err: { code: 'ERR_HOOK_ANSWER', hook: 'authenticate' } } },
      { level: 'error', text, fields: { times: 6 } },
    ]);
  });

  it('has an error for an internal failure', async () => {
    const { logger, lines } = recordingLogger();
    const store = new ControlledStore();
    store.failures.append = new Error('disk full');
    const bench = await openBench({ logger, store });
    (await bench.online('alice')).write(message('alice', 'bob', 'secret text', 'fp-1'));
    await bench.settle();
    expect(lines.filter(({ level }) => level === 'error')).toMatchObject([{ text: 'disk full' }]);
  });

  it('contains no tokens, no content and no extra of a login', async () => {
    const { logger, lines } = recordingLogger();
    const bench = await openBench({
      logger,
      limits: { maxUnacknowledged: 1, loginsPerSecondPerAddress: 1 },
      hooks: { authenticate: ({ userId }) => ({ accept: userId !== 'mallory', code: 1025 }) },
    });
    const alice = await bench.online('alice', 'tcp', { loginToken: 'T0KEN', extra: 'EXTR4' });
    bench.connect().write(login('mallory', { loginToken: 'T0KEN' }));
    alice.write(message('alice', 'bob', 'C0NTENT', 'fp-1'), message('alice', 'alice', 'C0NTENT', 'fp-2'));
    bench.connect('udp').write(login('carol', { loginToken: 'T0KEN' }).replace('"type":0', '"type":{}'));
    await bench.advance(11_000);
    expect(lines.length).toBeGreaterThan(3);
    expect(JSON.stringify(lines)).not.toMatch(/T0KEN|C0NTENT|EXTR4/);
  });
});

describe('without a logger', () => {
  it('an invalid answer of a hook takes one line, without a stack', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const transport = new PeerTransport('tcp');
    const authenticate = () => 'yes' as unknown as LoginVerdict;
    const server = createServer({ transports: [transport], hooks: { authenticate } });
    await server.listen();
    for (let at = 0; at < 3; at++) transport.connect('192.0.2.1').write(login('alice'));
    await server.close({ drainMs: 0 });
    expect(error.mock.calls).toEqual([[expect.stringMatching(/^imcore: hook authenticate .*"yes"$/)]]);
  });

  afterEach(() => {
    vi.restoreAllMocks();
  });

  it('nothing that peers write can control the terminal', async () => {
    const spies = (['warn', 'error'] as const).map((name) =>
      vi.spyOn(console, name).mockImplementation(() => {}),
    );
    const transport = new PeerTransport('tcp');
    const authenticate = ({ userId }: { userId: string }) => {
      throw new Error(`no account for ${userId}`);
    };
    const server = createServer({ transports: [transport], hooks: { authenticate } });
    await server.listen();
    transport.connect('192.0.2.1').write(login('al%s\u009b31mice\u202e\u001b[2J'));
    await server.close({ drainMs: 0 });
    const lines = spies.flatMap((spy) => spy.mock.calls);
    expect(lines).toEqual([[expect.stringContaining('al%s\\u009b31mice\\u202e\\u001b[2J')]]);
    for (const control of ['\u001b', '\u009b', '\u202e'])
      expect(lines.flat().join('')).not.toContain(control);
  });

  it('warnings and errors go to the console, and nothing else', async () => {
    const quiet = ['log', 'info', 'debug'] as const;
    const spies = quiet.map((name) => vi.spyOn(console, name).mockImplementation(() => {}));
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const transport = new PeerTransport('tcp');
    const server = createServer({ transports: [transport] });
    await server.listen();
    transport.connect('192.0.2.1').write(login('alice'));
    transport.connect('192.0.2.1').write('noise');
    transport.host.failed(new Error('EMFILE'));
    await server.close({ drainMs: 0 });
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/^imcore: a peer violated the protocol \{/)]]);
    expect(error.mock.calls).toEqual([[expect.stringMatching(/^imcore: EMFILE \{/)]]);
    for (const spy of spies) expect(spy).not.toHaveBeenCalled();
  });

  it.each([
    [{ ok: false, problem: 'is it a standby?' }, 'the store cannot store messages now'],
    [{ ok: true, problem: 'fsync is off' }, 'the store has a problem'],
  ])('warns at the start of a store with %o', async (health, text) => {
    const { logger, lines } = recordingLogger();
    const store = new ControlledStore();
    store.health = async () => ({ ...health, waiting: 0, waitingBytes: 0, deadLetters: 0 });
    const bench = await openBench({ logger, store });
    await bench.settle();
    expect(lines).toContainEqual({ level: 'warn', fields: { problem: health.problem }, text });
  });
});
