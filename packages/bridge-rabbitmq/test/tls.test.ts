import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server, type TlsOptions } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { RabbitMqBroker } from '../src/rabbitmq.js';
import { BROKER, createBroker, hasBroker, useScenes } from './support/broker.js';
import { brokerMessage, HostUnderTest } from './support/broker-fixture.js';

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
  const brokers: RabbitMqBroker[] = [];
  const servers: Server[] = [];
  let server: Certificate;
  let client: Certificate;

  beforeAll(() => {
    server = makeCertificate();
    client = makeCertificate();
  });
  afterEach(async () => {
    for (const each of brokers.splice(0)) await each.close();
  });
  afterAll(async () => {
    for (const each of servers.splice(0)) each.close();
  });

  /** Ends TLS in front of the broker. */
  async function listen(options: TlsOptions = {}): Promise<number> {
    const listener = createServer({ ...server, ...options }, (near) => {
      const far = connect(BROKER.port, BROKER.host);
      near.on('error', () => far.destroy());
      far.on('error', () => near.destroy());
      near.pipe(far).pipe(near);
    });
    servers.push(listener);
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  }

  async function begin(port: number, tls: object, host = 'localhost') {
    const { web, options } = await openScene();
    const url = `amqps://guest:guest@${host}:${port}`;
    const broker = createBroker({ ...options, url, tls });
    brokers.push(broker);
    const brokerHost = new HostUnderTest();
    await broker.start(brokerHost);
    return { web, broker, host: brokerHost };
  }

  it('joins where it trusts the authority', async () => {
    const { web, broker, host } = await begin(await listen(), { ca: server.cert });
    await expect.poll(() => host.states, { timeout }).toEqual(['joined']);
    await broker.publish(brokerMessage('one'));
    await expect.poll(() => web.received, { timeout }).toEqual(['one']);
  });

  it('is away, with the reason, while it does not trust the broker', async () => {
    const { broker, host } = await begin(await listen(), { ca: client.cert });
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    expect(broker.health.lastError).toMatchObject({
      code: 'ERR_BRIDGE_AWAY',
      message: expect.stringMatching(/self-signed|unable to verify|signature/),
    });
  });

  it('is away while the certificate is in another name', async () => {
    const { broker, host } = await begin(await listen(), { ca: server.cert }, '127.0.0.1');
    await expect.poll(() => host.states, { timeout }).toEqual(['away']);
    expect(broker.health.lastError?.message).toMatch(/altnames/);
  });

  it('shows its own certificate to a broker that asks for one', async () => {
    const port = await listen({ requestCert: true, rejectUnauthorized: true, ca: client.cert });
    const without = await begin(port, { ca: server.cert });
    await expect.poll(() => without.host.states, { timeout }).toEqual(['away']);
    const withOne = await begin(port, { ca: server.cert, cert: client.cert, key: client.key });
    await expect.poll(() => withOne.host.states, { timeout }).toEqual(['joined']);
  });
});
