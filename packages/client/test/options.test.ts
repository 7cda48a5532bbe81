import { describe, expect, it } from 'vitest';
import { createClient } from '../src/create-client.js';
import { createClient as createNodeClient, tcp, transportForUrl, udp, websocket } from '../src/node/index.js';
import { type ClientOptions, checkSettings } from '../src/options.js';
import { websocket as platformWebSocket } from '../src/websocket-transport.js';
import { ScriptedTransport } from './fixtures/scripted-transport.js';

const transport = new ScriptedTransport();

describe('the options of a client', () => {
  it('have the documented defaults', () => {
    expect(checkSettings({}, transport)).toEqual({
      keepAlive: { keepAliveIntervalMs: 15_000, clientTimeoutMs: 20_000, serverReadTimeoutMs: 20_000 },
      backoff: { initialMs: 1_000, maxMs: 30_000, minMs: 100 },
      retry: { waitMs: 5_000, retries: 2 },
      duplicates: { rememberMs: 600_000, maxRemembered: 100_000 },
      autoReconnect: true,
      whenOffline: 'wait',
      loginTimeoutMs: 6_000,
      connectTimeoutMs: 30_000,
      sendTimeoutMs: 30_000,
      maxPendingMessages: 10_000,
      maxPendingBytes: 16_777_216,
      maxSendBytes: 6144,
      hasOutbox: false,
      device: {},
      transportKind: 'tcp',
      requestTimeoutMs: 15_000,
      repeatRequestAfterMs: 5_000,
      acknowledge: 'auto',
      remember: 0,
      maxUnhandledMessages: 256,
      tokenTimeoutMs: 10_000,
      isFinalRejection: expect.any(Function),
    });
  });

  it('describe the device, with an outbox', () => {
    const outbox = () => {
      throw new Error('not opened here');
    };
    const deviceOf = (device: object) => checkSettings({ outbox, device }, transport).device;

    expect(deviceOf({ kind: 'web', name: 'Chrome' })).toEqual({ kind: 'web', name: 'Chrome' });
    expect(deviceOf({})).toEqual({ kind: '', name: '' });
    expect(() => deviceOf({ kind: 'x'.repeat(17) })).toThrow('device.kind must be a string of at most 16');
    expect(() => deviceOf({ name: '\ud800' })).toThrow('device.name must be a string of at most 64');
    expect(() => deviceOf({ id: 'x' })).toThrow('unknown option "device.id"');
    expect(() => checkSettings({ device: { kind: 'web' } }, transport)).toThrow(
      'the option "device" requires "outbox"',
    );
  });

  it('have a send timeout of 7 days with a durable outbox', () => {
    const outbox = () => {
      throw new Error('not opened here');
    };

    expect(checkSettings({ outbox }, transport)).toMatchObject({
      sendTimeoutMs: 604_800_000,
      hasOutbox: true,
    });
    expect(checkSettings({ outbox, sendTimeoutMs: 5 }, transport).sendTimeoutMs).toBe(5);
  });

  it('treat the application’s codes as final and the server’s as temporary', () => {
    const { isFinalRejection } = checkSettings({}, transport);

    expect([1, 2, 301, 1024].map(isFinalRejection)).toEqual([false, false, false, false]);
    expect([1025, 9999].map(isFinalRejection)).toEqual([true, true]);
  });

  it('have the default sense mode of the transport', () => {
    expect(checkSettings({}, udp({ host: 'localhost' })).keepAlive.keepAliveIntervalMs).toBe(3_000);
    expect(checkSettings({ senseMode: 60 }, udp({ host: 'localhost' })).keepAlive.clientTimeoutMs).toBe(
      121_000,
    );
  });

  it('may be given in part', () => {
    const settings = checkSettings({ backoff: { maxMs: 5_000 }, retry: { retries: 0 } }, transport);

    expect(settings.backoff).toEqual({ initialMs: 1_000, maxMs: 5_000, minMs: 100 });
    expect(settings.retry).toEqual({ waitMs: 5_000, retries: 0 });
  });

  it.each<[string, object]>([
    ['senseMode', { senseMode: 4 }],
    ['autoReconnect', { autoReconnect: 'yes' }],
    ['whenOffline', { whenOffline: 'drop' }],
    ['acknowledge', { acknowledge: 'always' }],
    ['remember', { remember: 1 }],
    ['loginTimeoutMs', { loginTimeoutMs: 0 }],
    ['connectTimeoutMs', { connectTimeoutMs: Number.POSITIVE_INFINITY }],
    ['sendTimeoutMs', { sendTimeoutMs: 1.5 }],
    ['maxPendingMessages', { maxPendingMessages: -1 }],
    ['maxPendingBytes', { maxPendingBytes: '1' }],
    ['maxRemembered', { maxRemembered: Number.NaN }],
    ['backoff.minMs', { backoff: { minMs: -1 } }],
    ['backoff', { backoff: { minMs: 2_000 } }],
    ['backoff', { backoff: { maxMs: 500 } }],
    ['retry.retries', { retry: { retries: -1 } }],
    ['retry.waitMs', { retry: { waitMs: 0 } }],
    ['transport', { transport: undefined }],
    ['url', { url: 'ws://localhost' }],
    ['autoReconect', { autoReconect: false }],
    ['toString', { toString: undefined }],
    ['backoff.max', { backoff: { max: 5_000 } }],
    ['retry.retry', { retry: { retry: 5 } }],
  ])('name an invalid %s: %j', (name, wrong) => {
    const options = { transport, ...wrong } as ClientOptions;

    expect(() => createClient(options)).toThrow(
      expect.objectContaining({
        name: 'UsageError',
        code: 'ERR_INVALID_OPTION',
        message: expect.stringMatching(new RegExp(`\\b${name}\\b`)),
      }),
    );
  });

  it.each(['http://localhost', 'localhost:3000', 'ws://', ''])('reject %j as a WebSocket URL', (url) => {
    expect(() => createClient({ url })).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});

describe('the options of the transports', () => {
  it.each<[string, () => unknown]>([
    ['host', () => tcp({ host: '' })],
    ['port', () => tcp({ host: 'localhost', port: 0 })],
    ['maxBodyBytes', () => tcp({ host: 'localhost', maxBodyBytes: 0 })],
    ['port', () => udp({ host: 'localhost', port: 65_536 })],
    ['maxSendBytes', () => udp({ host: 'localhost', maxSendBytes: 65_508 })],
    ['url', () => websocket({ url: 'http://localhost' })],
    ['maxSendBytes', () => websocket({ url: 'ws://localhost', maxSendBytes: 0 })],
  ])('name an invalid %s', (name, make) => {
    expect(make).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
    );
  });

  it.each<[string, (options: object) => unknown]>([
    ['tcp', (options) => tcp({ host: 'localhost', ...options })],
    ['udp', (options) => udp({ host: 'localhost', ...options })],
    ['websocket on Node', (options) => websocket({ url: 'ws://localhost', ...options })],
    ['websocket', (options) => platformWebSocket({ url: 'ws://localhost', ...options })],
  ])('name an unknown option of %s', (_name, make) => {
    expect(() => make({ maxBytes: 5 })).toThrow(
      expect.objectContaining({
        code: 'ERR_INVALID_OPTION',
        message: expect.stringContaining('unknown option "maxBytes"'),
      }),
    );
  });

  it('limit packets to the maximum of the original servers and clients', () => {
    expect(tcp({ host: 'localhost' }).maxSendBytes).toBe(6144);
    expect(udp({ host: 'localhost' }).maxSendBytes).toBe(1024);
    expect(websocket({ url: 'ws://localhost' }).maxSendBytes).toBe(65_536);
  });

  it('are taken from a URL', () => {
    expect(transportForUrl('tcp://localhost').kind).toBe('tcp');
    expect(transportForUrl('tls://localhost:8902').kind).toBe('tcp');
    expect(transportForUrl('udp://[::1]:7901').kind).toBe('udp');
    expect(transportForUrl('wss://localhost/websocket').kind).toBe('websocket');
    for (const url of ['http://localhost', 'tcp://', 'nonsense']) {
      expect(() => createNodeClient({ url })).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_OPTION' }),
      );
    }
  });
});

describe('the option keepAlive', () => {
  it('uses the sense mode’s interval for a missing bound', () => {
    const settings = checkSettings({ senseMode: 30, keepAlive: { maxMs: 90_000 } }, transport);

    expect(settings.keepAliveBounds).toEqual({ minMs: 30_000, maxMs: 90_000 });
  });

  it.each([
    [{ minMs: 16_000 }, 'keepAlive.minMs'],
    [{ minMs: 10 }, 'keepAlive.minMs'],
    [{ maxMs: 14_000 }, 'keepAlive.maxMs'],
    [{ max: 20_000 }, 'keepAlive.max'],
  ])('rejects bounds that exclude the sense mode’s interval: %j', (keepAlive, name) => {
    expect(() => checkSettings({ keepAlive } as ClientOptions, transport)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
    );
  });
});
