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

describe('an invalid option', () => {
  const transports = [new PeerTransport('tcp')];
  it.each<[string, ServerOptions, string]>([
    [
      'no transport',
      { transports: [] },
      'option transports must be an array with at least one of tcp(), udp(), websocket(), got an array',
    ],
    [
      'no time before the store',
      { transports, storeAfterMs: 0 },
      'option storeAfterMs must be a whole number 1 or more, got 0',
    ],
    [
      'no time to acknowledge',
      { transports, retry: { waitMs: Number.NaN, retries: 1 } },
      'option retry.waitMs must be a whole number 1 or more, got NaN',
    ],
    [
      'fewer retries than none',
      { transports, retry: { waitMs: 1000, retries: -1 } },
      'option retry.retries must be a whole number 0 or more, got -1',
    ],
    [
      'a limit of none',
      { transports, limits: { maxSessions: 0 } },
      'option limits.maxSessions must be a whole number 1 or more, got 0',
    ],
    [
      'a limit that is text',
      { transports, limits: untyped<Partial<ServerLimits>>([['maxSessions', '5']]) },
      'option limits.maxSessions must be a number, got the string "5"',
    ],
    [
      'a time with a fraction',
      { transports, storeAfterMs: 1.5 },
      'option storeAfterMs must be a whole number 1 or more, got 1.5',
    ],
    [
      'half a session',
      { transports, limits: { maxSessions: 2.5 } },
      'option limits.maxSessions must be a whole number 1 or more, got 2.5',
    ],
    [
      'a switch that is text',
      untyped([
        ['transports', transports],
        ['stampServerTime', 'no'],
      ]),
      'option stampServerTime must be true or false, got the string "no"',
    ],
    [
      'a store that is a file name',
      untyped([
        ['transports', transports],
        ['store', 'messages.db'],
      ]),
      'option store must be an object, for example sqliteStore({ file: \'messages.db\' }), got the string "messages.db"',
    ],
    [
      'a store without methods',
      untyped([
        ['transports', transports],
        ['store', { file: 'messages.db' }],
      ]),
      "option store must be an object with a method append, for example sqliteStore({ file: 'messages.db' })",
    ],
    [
      'a transport that is a name',
      untyped([['transports', ['tcp']]]),
      'option transports[0] must be an object, for example tcp(), got the string "tcp"',
    ],
    [
      'a transport that was not called',
      untyped([['transports', [tcp]]]),
      'option transports[0] must be an object with a method listen, for example tcp()',
    ],
    [
      'a hook that is no function',
      untyped([
        ['transports', transports],
        ['hooks', { authenticate: true }],
      ]),
      'option hooks.authenticate must be a function, got true',
    ],
    [
      'a route that takes nothing',
      untyped([
        ['transports', transports],
        ['routes', [{ name: 'nowhere' }]],
      ]),
      'option routes[0] must be an object with a method take, for example rabbitmq({ url })',
    ],
    [
      'a handler of a type that the server handles',
      untyped([
        ['transports', transports],
        ['handlers', { 2: { allowed: 'anyone', isWork: false, handle: () => undefined } }],
      ]),
      'option handlers[2]: the key must be a packet type that the server does not handle itself',
    ],
    [
      'a handler for nobody',
      untyped([
        ['transports', transports],
        ['handlers', { 6: { allowed: 'users', isWork: false, handle: () => undefined } }],
      ]),
      "option handlers[6].allowed must be one of 'anyone', 'logged-in', 'in-own-name', got the string \"users\"",
    ],
    [
      'a name that is wrong',
      untyped([
        ['transports', transports],
        ['storeAfter', 5],
      ]),
      'option storeAfter does not exist. Valid options: transports, hooks, store, cluster, routes, handlers, sessions, limits, trustedProxies, storeAfterMs, storeTimeoutMs, hookTimeoutMs, retry, stampServerTime, logger, clock, random',
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
      'option retry.retry does not exist. Valid options: waitMs, retries',
    ],
    [
      'a hook that is misspelt',
      { transports, hooks: untyped([['onstored', () => undefined]]) },
      'option hooks.onstored does not exist. Valid options: authenticate, authorizeMessage, onServerMessage, onUndeliverable, onStored',
    ],
  ])('is rejected at once by name: %s', (_name, options, text) => {
    const error = errorOf(() => createServer(options));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toBe(text);
  });

  it('is not a method or property that a class of hooks has in addition', () => {
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

  it('is an unknown limit; the message lists the valid ones', () => {
    const limits = untyped<Partial<ServerLimits>>([['maxSession', 5]]);
    const error = errorOf(() => createServer({ transports, limits }));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('option limits.maxSession does not exist');
    for (const name of Object.keys(DEFAULT_LIMITS)) expect(error.message).toContain(name);
  });

  it('is rejected if its name is a property of every object', () => {
    const limits = untyped<Partial<ServerLimits>>([['toString', 5]]);
    expect(errorOf(() => createServer({ transports, limits })).message).toContain(
      'limits.toString does not exist',
    );
  });

  it('counts as not given if it is undefined', async () => {
    const limits = untyped<Partial<ServerLimits>>([
      ['maxSessions', undefined],
      ['maxSessionsPerAddress', 1],
    ]);
    const bench = await openBench({ limits });
    for (let i = 0; i < 3; i++) bench.connect('tcp', `192.0.2.${i}`);
    const refused = bench.connect('tcp', '192.0.2.1');
    expect(refused.rejection).toBe('sessions-per-address');
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
    ['tcp', () => tcp({ port: 65_536 }), 'option port must be a whole number from 0 to 65535, got 65536'],
    [
      'tcp',
      () => tcp({ maxBodyBytes: 0 }),
      'option maxBodyBytes must be a whole number from 1 to 2147483647, got 0',
    ],
    [
      'udp',
      () => udp({ maxSendBytes: 65_508 }),
      'option maxSendBytes must be a whole number from 1 to 65507, got 65508',
    ],
    [
      'udp',
      () => udp({ maxReceiveBytes: 0 }),
      'option maxReceiveBytes must be a whole number from 1 to 65507, got 0',
    ],
    ['udp', () => udp({ port: -1 }), 'option port must be a whole number from 0 to 65535, got -1'],
    [
      'websocket',
      () => websocket({ maxBodyBytes: Number.NaN }),
      'option maxBodyBytes must be a whole number from 1 to 2147483647, got NaN',
    ],
    [
      'websocket',
      () => websocket(untyped([['senseMode', 7]])),
      'option senseMode must be one of 3, 5, 10, 15, 30, 60, 120, got the number 7',
    ],
    [
      'websocket',
      () => websocket({ server: http.createServer(), port: 3000 }),
      'option server cannot be combined with port or tls: the given server has its own',
    ],
    [
      'websocket',
      () => websocket({ server: http.createServer(), tls: {} }),
      'option server cannot be combined with port or tls: the given server has its own',
    ],
    [
      'websocket',
      () => websocket(untyped([['senseMode', 'toString']])),
      'option senseMode must be one of 3, 5, 10, 15, 30, 60, 120, got the string "toString"',
    ],
    ['tcp', () => tcp(untyped([['port', '8901']])), 'option port must be a number, got the string "8901"'],
    ['tcp', () => tcp({ port: 80.5 }), 'option port must be a whole number from 0 to 65535, got 80.5'],
    [
      'udp',
      () => udp({ maxSendBytes: 1.5 }),
      'option maxSendBytes must be a whole number from 1 to 65507, got 1.5',
    ],
    [
      'tcp',
      () => tcp(untyped([['path', '/']])),
      'option path does not exist. Valid options: host, port, senseMode, maxBodyBytes, proxyProtocol, tls',
    ],
    [
      'udp',
      () => udp(untyped([['tls', {}]])),
      'option tls does not exist. Valid options: host, port, senseMode, maxReceiveBytes, maxSendBytes, reusePort',
    ],
    [
      'websocket',
      () => websocket(untyped([['origin', []]])),
      'option origin does not exist. Valid options: host, port, senseMode, server, path, origins, forwardedHeader, maxBodyBytes, tls',
    ],
  ])('is rejected at once by name on %s', (_name, create, text) => {
    const error = errorOf(create);
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toBe(text);
  });

  it('gives the read time-out of the sense mode', () => {
    expect([tcp(), websocket(), udp()].map(({ readTimeoutMs }) => readTimeoutMs)).toEqual([
      20_000, 20_000, 10_000,
    ]);
    expect(tcp({ senseMode: 3 }).readTimeoutMs).toBe(7000);
    expect(udp({ senseMode: 120 }).readTimeoutMs).toBe(242_000);
  });
});

describe('options that are not an object', () => {
  it.each([[undefined], [null], ['tcp']])('are rejected with an example: %j', (options) => {
    const error = errorOf(() => createServer(options as unknown as ServerOptions));
    expect(error.code).toBe('ERR_INVALID_OPTION');
    expect(error.message).toContain('for example createServer({ transports: [tcp()] })');
  });
});
