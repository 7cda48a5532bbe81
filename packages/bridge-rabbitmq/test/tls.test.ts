import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { bridgeMessage, HostUnderTest } from '@imcore/testkit/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RabbitMqBridge, rabbitmq } from '../src/rabbitmq.js';
import { BROKER, hasBroker, useScenes } from './support/broker.js';

const timeout = 20_000;

interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Makes a certificate that signs itself, good for a day, in the name of `localhost`. */
function makeCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'imcore-bridge-tls-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request = ['req', '-x509', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
    const names = ['-addext', 'subjectAltName=DNS:localhost'];
    execFileSync('openssl', [...request, ...curve, ...names, '-keyout', key, '-out', cert], {
      stdio: 'pipe',
    });
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe.runIf(await hasBroker())('rabbitmq() over amqps', () => {
  const openScene = useScenes();
  const bridges: RabbitMqBridge[] = [];
  const servers: Server[] = [];
  let broker: Certificate;
  let client: Certificate;

  beforeAll(() => {
    broker = makeCertificate();
    client = makeCertificate();
  });
  afterEach(async () => {
    for (const bridge of bridges.splice(0)) await bridge.close();
  });
  afterAll(async () => {
    for (const server of servers.splice(0)) server.close();
  });

  /** Ends TLS in front of the broker. */
  async function listen(options: TlsOptions = {}): Promise<number> {
    const server = createServer({ ...broker, ...options }, (near) => {
      const far = connect(BROKER.port, BROKER.host);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }

  async function begin(port: number, tls: object, host = 'localhost') {
    const { web, options } = await openScene();
    const url = `amqps://guest:guest@${host}:${port}`;
    const bridge = rabbitmq({ ...options, url, tls });
    bridges.push(bridge);
    const bridgeHost = new HostUnderTest();
    await bridge.start(bridgeHost);
    return { web, bridge, host: bridgeHost };
  }

  it('joins a broker whose authority it trusts', async () => {
    const { web, bridge, host } = await begin(await listen(), { ca: broker.cert });
    await expect.poll(() => host.states, { timeout }).toEqual(['joined']);
    await bridge.publish(bridgeMessage('one'));
    await expect.poll(() => web.received, { timeout }).toEqual(['one']);
  });

  it('stays away from one that it does not trust, and says why', async () => {
    const { bridge, host } = await begin(await listen(), { ca: client.cert });
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    expect(bridge.health.lastError).toMatchObject({
      code: 'ERR_BRIDGE_AWAY',
      message: expect.stringMatching(/self-signed|unable to verify|signature/),
    });
  });

  it('stays away from one with a certificate in another name', async () => {
    const { bridge, host } = await begin(await listen(), { ca: broker.cert }, '127.0.0.1');
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    expect(bridge.health.lastError?.message).toMatch(/altnames/);
  });

  it('shows its own certificate to a broker that asks for one', async () => {
    const port = await listen({ requestCert: true, rejectUnauthorized: true, ca: client.cert });
    const without = await begin(port, { ca: broker.cert });
    await expect.poll(() => without.host.states, { timeout }).toEqual(['away']);
    const withOne = await begin(port, { ca: broker.cert, cert: client.cert, key: client.key });
    await expect.poll(() => withOne.host.states, { timeout }).toEqual(['joined']);
  });
});
