import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, tcp, websocket } from '@imcore/client/node';
import { describe, expect, it } from 'vitest';
import { selfSigned } from '../../packages/client/test/fixtures/self-signed.js';
import { HarnessProcess, HOST } from './harness-process.js';
import { RawUser } from './users.js';

describe('the harness', () => {
  it('shuts down gracefully when its input ends', async () => {
    const harness = await HarnessProcess.start();
    expect(await harness.stop()).toEqual({ code: 0, signal: null });
  });

  it('shuts down gracefully on SIGTERM, and closes its connections', async () => {
    const harness = await HarnessProcess.start();
    const raw = await RawUser.connect('tcp', harness.ports);
    await raw.login('alice');
    const ending = harness.signal('SIGTERM');
    await raw.closed();
    expect(await ending).toEqual({ code: 0, signal: null });
    await harness.event('offline', { user: 'alice' });
  });

  it('answers an invalid line with an error, and continues', async () => {
    const harness = await HarnessProcess.start();
    harness.command('garbage');
    harness.command({ cmd: 'fly' });
    harness.command({ cmd: 's2c' });
    await harness.events.count(({ ev }) => ev === 'error', 3, 'error event');
    harness.command({ cmd: 'online' });
    expect(await harness.event('online-list')).toMatchObject({ users: [] });
    await harness.stop();
  });

  it('reports that a message to an unknown user, or to the server itself, was not sent', async () => {
    const harness = await HarnessProcess.start();
    harness.command({ cmd: 's2c', to: 'nobody-here', text: 'x', fp: 'A' });
    harness.command({ cmd: 's2c', to: '0', text: 'x', fp: 'B' });
    await harness.event('s2c-sent', { to: 'nobody-here', fp: 'A', ok: false });
    await harness.event('s2c-sent', { to: '0', fp: 'B', ok: false });
    harness.command({ cmd: 'kick', user: 'nobody-here' });
    await harness.event('kick-sent', { user: 'nobody-here', ok: false });
    await harness.stop();
  });

  it('reports at once that a message was written, and later that it was not acknowledged', async () => {
    const harness = await HarnessProcess.start(['--sense', '10']);
    const raw = await RawUser.connect('tcp', harness.ports);
    await raw.login('deaf');
    harness.command({ cmd: 's2c', to: 'deaf', text: 'answer me', fp: 'DEAF' });
    await harness.event('s2c-sent', { to: 'deaf', fp: 'DEAF', ok: true }, 1000);
    const lost = await harness.events.first(({ ev }) => ev === 'lost', 'lost event', 14_000);
    expect(lost).toMatchObject({ fps: ['DEAF'] });
    expect(raw.count(2)).toBe(2);
    raw.close();
    await harness.stop();
  }, 30_000);

  it('adds its time to every packet with --server-timestamp', async () => {
    const harness = await HarnessProcess.start(['--server-timestamp']);
    const before = Date.now();
    const [alice, bob] = [
      await RawUser.connect('tcp', harness.ports),
      await RawUser.connect('udp', harness.ports),
    ];
    await alice.login('alice');
    await bob.login('bob');
    alice.send({
      type: 2,
      dataContent: 'x',
      from: 'alice',
      to: 'bob',
      fp: 'S',
      QoS: true,
      typeu: -1,
      sm: -1,
    });
    const forwarded = await bob.packet(2);
    bob.send({ type: 4, dataContent: 'S', from: 'bob', to: 'alice', QoS: false, typeu: -1, sm: -1 });
    for (const { sm } of [await alice.packet(50), forwarded, await alice.packet(4)])
      expect(Number(sm)).toBeGreaterThanOrEqual(before);
    alice.close();
    bob.close();
    await harness.stop();
  });

  it('does not add its time otherwise', async () => {
    const harness = await HarnessProcess.start();
    const alice = await RawUser.connect('tcp', harness.ports);
    await alice.login('alice');
    expect(await alice.packet(50)).toMatchObject({ sm: -1 });
    alice.close();
    await harness.stop();
  });

  it('uses TLS over TCP and WebSocket with a certificate', async () => {
    const pair = selfSigned();
    const folder = mkdtempSync(join(tmpdir(), 'harness-'));
    const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    writeFileSync(cert, pair.cert);
    writeFileSync(key, pair.key);
    const harness = await HarnessProcess.start(['--tls-cert', cert, '--tls-key', key]);
    const tls = { ca: pair.cert, servername: 'localhost' };
    const { ports } = harness;
    const alice = createClient({ transport: tcp({ host: HOST, port: ports.tcp, tls }) });
    const bob = createClient({
      transport: websocket({ url: `wss://${HOST}:${ports.websocket}/websocket`, tls }),
    });
    await alice.login({ userId: 'alice' });
    await bob.login({ userId: 'bob' });
    await alice.send({ to: 'bob', content: 'in private' });
    await harness.event('online', { user: 'bob', via: 'websocket' });
    await harness.event('c2c', { to: 'bob', text: 'in private' });
    await alice.close();
    await bob.close();
    await harness.stop();
    rmSync(folder, { recursive: true });
  });
});
