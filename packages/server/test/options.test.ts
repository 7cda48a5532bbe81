import http from 'node:http';
import { describe, expect, it } from 'vitest';
import { createServer } from '../src/create-server.js';
import { UsageError } from '../src/errors.js';
import { DEFAULT_LIMITS, type ServerLimits } from '../src/limits.js';
import type { ServerOptions } from '../src/options.js';
import { tcp } from '../src/transports/tcp.js';
import { udp } from '../src/transports/udp.js';
import { websocket } from '../src/transports/websocket.js';
import { openBench } from './support/bench.js';
import { PeerTransport } from './support/peer-transport.js';

/** What a caller without types may give. */
function untyped<T>(entries: readonly (readonly unknown[])[]): T {
  return Object.fromEntries(entries);
}

function errorOf(run: () => unknown): UsageError {
  try {
    run();
  } catch (error) {
    if (error instanceof UsageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('an option that cannot be', () => {
  const transports = [new PeerTransport('tcp')];
  it.each<[string, ServerOptions, string]>([
    [
      'no transport',
      { transports: [] },
      'option transports must hold at least one of tcp(), udp(), websocket()',
    ],
    [
      'no time before the store',
      { transports, storeAfterMs: 0 },
      'option storeAfterMs is 0, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'no time to acknowledge',
      { transports, retry: { waitMs: Number.NaN, retries: 1 } },
      'option retry.waitMs is NaN, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'fewer retries than none',
      { transports, retry: { waitMs: 1000, retries: -1 } },
      'option retry.retries is -1, allowed are whole numbers from 0 to 9007199254740991',
    ],
    [
      'a limit of none',
      { transports, limits: { maxSessions: 0 } },
      'option limits.maxSessions is 0, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'a limit that is text',
      { transports, limits: untyped<Partial<ServerLimits>>([['maxSessions', '5']]) },
      'option limits.maxSessions is 5, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'a time with a fraction',
      { transports, storeAfterMs: 1.5 },
      'option storeAfterMs is 1.5, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'half a session',
      { transports, limits: { maxSessions: 2.5 } },
      'option limits.maxSessions is 2.5, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'a switch that is text',
      untyped([
        ['transports', transports],
        ['stampServerTime', 'no'],
      ]),
      'option stampServerTime is no, allowed are true and false',
    ],
    [
      'a name that is wrong',
      untyped([
        ['transports', transports],
        ['storeAfter', 5],
      ]),
      'option storeAfter does not exist; there are transports, hooks, store, bridge, limits, isExemptAddress, storeAfterMs, expireEveryMs, hookTimeoutMs, retry, stampServerTime, logger, clock, random',
    ],
    [
      'a name within retry that is wrong',
      {
        transports,
        retry: untyped([
          ['waitMs', 1000],
          ['retry', 3],
        ]),
      },
      'option retry.retry does not exist; there are waitMs, retries',
    ],
    [
      'a hook that is misspelt',
      { transports, hooks: untyped([['onstored', () => undefined]]) },
      'option hooks.onstored does not exist; there are authenticate, authorizeMessage, onServerMessage, onUndeliverable, onStored',
    ],
  ])('is refused at once by name: %s', (_name, options, text) => {
    const error = errorOf(() => createServer(options));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toBe(text);
  });

  it('may be hooks with whatever a class of theirs needs', () => {
    class Verdicts {
      readonly users = new Set(['alice']);
      authenticate({ userId }: { readonly userId: string }) {
        return this.users.has(userId)
          ? ({ accept: true } as const)
          : ({ accept: false, code: 1025 } as const);
      }
    }
    expect(() => createServer({ transports, hooks: new Verdicts() })).not.toThrow();
  });

  it('is refused where there is no such limit, with those that there are', () => {
    const limits = untyped<Partial<ServerLimits>>([['maxSession', 5]]);
    const error = errorOf(() => createServer({ transports, limits }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('option limits.maxSession does not exist');
    for (const name of Object.keys(DEFAULT_LIMITS)) expect(error.message).toContain(name);
  });

  it('is refused where its name is one that every object has', () => {
    const limits = untyped<Partial<ServerLimits>>([['toString', 5]]);
    expect(errorOf(() => createServer({ transports, limits })).message).toContain(
      'limits.toString does not exist',
    );
  });

  it('counts as not given where it is undefined', async () => {
    const limits = untyped<Partial<ServerLimits>>([
      ['maxSessions', undefined],
      ['maxSessionsPerAddress', 1],
    ]);
    const bench = await openBench({ limits });
    for (let i = 0; i < 3; i++) bench.connect('tcp', `192.0.2.${i}`);
    const refused = bench.connect('tcp', '192.0.2.1');
    expect(refused.refusal).toBe('sessions-per-address');
    expect(bench.metric('sessionsOpen')).toBe(3);
  });
});

describe('options that are undefined', () => {
  it('count as not given', () => {
    const transport = tcp({ host: undefined, port: undefined, senseMode: undefined, tls: undefined });
    expect(transport.readTimeoutMs).toBe(20_000);
    const server = createServer({
      transports: [transport],
      store: undefined,
      retry: undefined,
      stampServerTime: undefined,
      limits: { maxSessions: undefined },
    });
    expect(server.onlineCount).toBe(0);
  });
});

describe('an option of a transport', () => {
  it.each([
    ['tcp', () => tcp({ port: 65_536 }), 'option port is 65536, allowed are whole numbers from 0 to 65535'],
    [
      'tcp',
      () => tcp({ maxBodyBytes: 0 }),
      'option maxBodyBytes is 0, allowed are whole numbers from 1 to 2147483647',
    ],
    [
      'tcp',
      () => tcp({ readTimeoutMs: -5 }),
      'option readTimeoutMs is -5, allowed are whole numbers from 1 to 9007199254740991',
    ],
    [
      'udp',
      () => udp({ maxSendBytes: 65_508 }),
      'option maxSendBytes is 65508, allowed are whole numbers from 1 to 65507',
    ],
    [
      'udp',
      () => udp({ maxReceiveBytes: 0 }),
      'option maxReceiveBytes is 0, allowed are whole numbers from 1 to 65507',
    ],
    ['udp', () => udp({ port: -1 }), 'option port is -1, allowed are whole numbers from 0 to 65535'],
    [
      'websocket',
      () => websocket({ maxBodyBytes: Number.NaN }),
      'option maxBodyBytes is NaN, allowed are whole numbers from 1 to 2147483647',
    ],
    [
      'websocket',
      () => websocket(untyped([['senseMode', 7]])),
      'option senseMode is 7, allowed are 3, 5, 10, 15, 30, 60, 120',
    ],
    [
      'websocket',
      () => websocket({ server: http.createServer(), port: 3000 }),
      'option server excludes port and tls: the server has its own',
    ],
    [
      'websocket',
      () => websocket({ server: http.createServer(), tls: {} }),
      'option server excludes port and tls: the server has its own',
    ],
    [
      'websocket',
      () => websocket(untyped([['senseMode', 'toString']])),
      'option senseMode is toString, allowed are 3, 5, 10, 15, 30, 60, 120',
    ],
    ['tcp', () => tcp({ port: 80.5 }), 'option port is 80.5, allowed are whole numbers from 0 to 65535'],
    [
      'udp',
      () => udp({ maxSendBytes: 1.5 }),
      'option maxSendBytes is 1.5, allowed are whole numbers from 1 to 65507',
    ],
    [
      'tcp',
      () => tcp(untyped([['path', '/']])),
      'option path does not exist; there are host, port, senseMode, readTimeoutMs, maxBodyBytes, tls',
    ],
    [
      'udp',
      () => udp(untyped([['tls', {}]])),
      'option tls does not exist; there are host, port, senseMode, readTimeoutMs, maxReceiveBytes, maxSendBytes',
    ],
    [
      'websocket',
      () => websocket(untyped([['origin', []]])),
      'option origin does not exist; there are host, port, senseMode, readTimeoutMs, server, path, origins, maxBodyBytes, tls',
    ],
  ])('is refused at once by name on %s', (_name, create, text) => {
    const error = errorOf(create);
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toBe(text);
  });

  it('gives the read time-out of the sense mode, unless a time-out is given', () => {
    expect([tcp(), websocket(), udp()].map(({ readTimeoutMs }) => readTimeoutMs)).toEqual([
      20_000, 20_000, 10_000,
    ]);
    expect(tcp({ senseMode: 3 }).readTimeoutMs).toBe(7000);
    expect(udp({ senseMode: 120 }).readTimeoutMs).toBe(242_000);
    expect(websocket({ senseMode: 3, readTimeoutMs: 1234 }).readTimeoutMs).toBe(1234);
  });
});
