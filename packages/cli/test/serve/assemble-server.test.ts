import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, fileOutbox, type ImClient, tcp } from '@imcore/client/node';
import { memoryStore, silentLogger } from '@imcore/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AssembledServer, assembleServer } from '../../src/serve/assemble-server.js';
import { readSettings } from '../../src/serve/read-settings.js';

const local = { host: '127.0.0.1', tcpPort: '0', udpPort: '0', wsPort: '0' };

describe('assembleServer', () => {
  let assembled: AssembledServer | undefined;

  const listen = (flags: Record<string, unknown>) => {
    const settings = readSettings({ flags: { ...local, ...flags }, environment: {}, file: undefined });
    assembled = assembleServer(settings, memoryStore(), silentLogger);
    return assembled.server.listen();
  };

  afterEach(() => assembled?.server.close({ drainMs: 0 }));

  it('listens on each transport', async () => {
    const addresses = await listen({});
    expect(addresses.map(({ transport }) => transport).sort()).toEqual(['tcp', 'udp', 'websocket']);
  });

  it('does not listen on a transport that is off', async () => {
    const addresses = await listen({ udpPort: 'off', wsPort: 'off' });
    expect(addresses.map(({ transport }) => transport)).toEqual(['tcp']);
  });

  it('accepts only pages of the given origins', async () => {
    const [address] = await listen({ wsOrigins: 'https://chat.example.com', tcpPort: 'off', udpPort: 'off' });
    const statusOf = async (origin: string) => {
      const headers = { origin, connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
      const key = Buffer.alloc(16).toString('base64');
      const request = get({
        ...{ host: '127.0.0.1', port: address?.port, path: '/websocket' },
        headers: { ...headers, 'sec-websocket-key': key },
      });
      const answered = await Promise.race([once(request, 'upgrade'), once(request, 'response')]);
      const [{ statusCode }] = answered as [IncomingMessage];
      request.destroy();
      return statusCode;
    };
    expect(await statusOf('https://chat.example.com')).toBe(101);
    expect(await statusOf('https://evil.example.com')).toBe(403);
  });

  it('accepts the correct token and rejects others with code 1025', async () => {
    const [address] = await listen({ token: 'open sesame', udpPort: 'off', wsPort: 'off' });
    const login = async (token: string | undefined) => {
      const transport = tcp({ host: '127.0.0.1', port: address?.port });
      const client = createClient({ transport, logger: silentLogger });
      try {
        await client.login({ userId: 'alice', token });
        return 'accepted';
      } catch (error) {
        return error instanceof Error && 'serverCode' in error ? error.serverCode : error;
      } finally {
        await client.close();
      }
    };
    expect(await login('open sesame')).toBe('accepted');
    expect(await login('open sesamE')).toBe(1025);
    expect(await login('open')).toBe(1025);
    expect(await login(undefined)).toBe(1025);
  });

  describe('for several devices of a user', () => {
    let folder: string;
    let clients: ImClient[];

    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'imcore-devices-'));
      clients = [];
    });

    afterEach(async () => {
      await Promise.all(clients.map((client) => client.close()));
      rmSync(folder, { recursive: true });
    });

    /** Logs in a device of alice, or with `'v6'` a client of MobileIMSDK. Returns the codes of its kick-outs. */
    const login = async (kind: string, port: number | undefined): Promise<number[]> => {
      const transport = tcp({ host: '127.0.0.1', port });
      const outbox = fileOutbox(join(folder, String(clients.length)));
      const client = createClient({
        transport,
        logger: silentLogger,
        ...(kind !== 'v6' && { outbox, device: { kind } }),
      });
      clients.push(client);
      const codes: number[] = [];
      client.on('kicked', ({ code }) => codes.push(code));
      await client.login({ userId: 'alice' });
      return codes;
    };

    it.each([
      [{}, ['web', 'web', 'v6'], [0, 1, 2]],
      [{ sessions: 'one-per-kind' }, ['web', 'desktop', 'web', 'v6'], [1, 2, 3]],
      [{ sessions: 'one' }, ['web', 'desktop', 'v6'], [2]],
      [{ v6Sessions: 'exclusive' }, ['web', 'desktop', 'v6'], [2]],
      [{ maxDevices: '2' }, ['web', 'web', 'web'], [1, 2]],
    ])('ends the sessions that %j does not allow', async (flags, kinds, stay) => {
      const [address] = await listen({ ...flags, udpPort: 'off', wsPort: 'off' });
      const kicks: number[][] = [];
      for (const kind of kinds) kicks.push(await login(kind, address?.port));
      const codes = kinds.map((_, index) => (stay.includes(index) ? [] : [1]));
      await expect.poll(() => kicks).toEqual(codes);
      expect(assembled?.server.sessions('alice')).toHaveLength(stay.length);
    });
  });

  it('names the setting of a certificate that cannot be read', () => {
    expect(() => listen({ tlsCert: '/nowhere/c.pem', tlsKey: '/nowhere/k.pem' })).toThrow(
      'Cannot read the file of --tls-cert: ENOENT',
    );
  });
});
