import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { NatsClusterOptions } from '../src/options.js';
import { hasNats, NatsServer } from './nats-server.js';
import { startNode } from './node-under-test.js';

const timeout = 20_000;

interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate that signs itself, good for a day. */
function makeCertificate(folder: string, name: string, subject: string): Certificate {
  const [keyFile, certFile] = [join(folder, `${name}-key.pem`), join(folder, `${name}-cert.pem`)];
  const request = ['req', '-x509', '-nodes', '-days', '1', '-subj', '/CN=localhost'];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const names = ['-addext', `subjectAltName=${subject}`];
  execFileSync('openssl', [...request, ...curve, ...names, '-keyout', keyFile, '-out', certFile], {
    stdio: 'pipe',
  });
  return { keyFile, certFile, key: readFileSync(keyFile, 'utf8'), cert: readFileSync(certFile, 'utf8') };
}

describe.runIf(hasNats())('natsCluster() over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'imcore-nats-tls-'));
  const open: (() => Promise<void>)[] = [];
  let server: Certificate;
  let client: Certificate;

  beforeAll(() => {
    server = makeCertificate(folder, 'server', 'DNS:localhost');
    client = makeCertificate(folder, 'client', 'IP:127.0.0.1');
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });

  async function startServer(settings = '', { certFile, keyFile } = server): Promise<number> {
    const files = `cert_file: "${certFile}", key_file: "${keyFile}"`;
    const nats = await NatsServer.start(`tls { ${files} ${settings} }`);
    open.push(() => nats.remove());
    return nats.port;
  }

  async function start(options: Omit<NatsClusterOptions, 'nodeId'>) {
    const node = await startNode({ nodeId: 'a', ...options });
    open.push(() => node.cluster.close());
    return node;
  }

  it.each(['tls', 'nats'])('joins %s://… where it trusts the authority', async (scheme) => {
    const port = await startServer();
    const { states } = await start({ servers: `${scheme}://localhost:${port}`, tls: { ca: server.cert } });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
  });

  it.each([
    ['does not trust the server', 'localhost', () => client.cert, /self-signed|unable to verify|signature/],
    ['is given another name than the certificate', '127.0.0.1', () => server.cert, /altnames|IP/],
  ])('is away while it %s', async (_name, host, authority, message) => {
    const port = await startServer();
    const { states, errors } = await start({ servers: `tls://${host}:${port}`, tls: { ca: authority() } });
    await expect.poll(() => states, { timeout }).toEqual(['away']);
    expect(errors[0]).toMatchObject({ code: 'ERR_CLUSTER_AWAY', message: expect.stringMatching(message) });
  });

  it('joins at an IP address that is in the certificate', async () => {
    const port = await startServer('', client);
    const { states } = await start({ servers: `tls://127.0.0.1:${port}`, tls: { ca: client.cert } });
    await expect.poll(() => states, { timeout }).toEqual(['joined']);
  });

  it('shows its own certificate to a server that asks for one', async () => {
    const port = await startServer(`, verify: true, ca_file: "${client.certFile}"`);
    const servers = `tls://localhost:${port}`;
    const without = await start({ servers, tls: { ca: server.cert } });
    await expect.poll(() => without.states, { timeout }).toEqual(['away']);
    const withOne = await start({ servers, tls: { ca: server.cert, cert: client.cert, key: client.key } });
    await expect.poll(() => withOne.states, { timeout }).toEqual(['joined']);
  });

  it('is away while the server has no TLS, and does not send it the password', async () => {
    const plain = await NatsServer.start('authorization { user: u, password: p }');
    open.push(() => plain.remove());
    const { states, errors } = await start({ servers: `tls://u:p@localhost:${plain.port}` });
    await expect.poll(() => states, { timeout }).toEqual(['away']);
    expect(errors[0]?.message).toBe("NATS cannot be reached: server does not support 'tls'");
  });
});
