import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { HarnessProcess, HOST } from './harness-process.js';
import { FREE_PORTS, Run } from './run.js';

interface Result {
  readonly id: string;
  readonly outcome: string;
  readonly url: string;
}

describe('imcore conformance', () => {
  let runs: Run[] = [];

  afterEach(async () => {
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.map(({ exited }) => exited));
    runs = [];
  });

  const start = (...args: string[]): Run => {
    const run = new Run(...args);
    runs.push(run);
    return run;
  };

  const check = async (...args: string[]): Promise<{ code: number | null; cases: readonly Result[] }> => {
    const run = start('conformance', '--timeout', '20', '--json', ...args);
    const code = await run.exited;
    const { cases } = JSON.parse(run.output) as { cases: readonly Result[] };
    return { code, cases };
  };

  const idsOf = (cases: readonly Result[], outcome: string): string[] => [
    ...new Set(cases.filter((each) => each.outcome === outcome).map(({ id }) => id)),
  ];

  it('passes for imcore serve over TCP, UDP and WebSocket', async () => {
    const server = start('serve', ...FREE_PORTS, '--token', 'secret');
    await server.says('Press Ctrl+C to stop.');
    const urls = ['tcp', 'udp', 'ws'].map((scheme) => server.url(scheme));
    const { code, cases } = await check('--token', 'secret', '--url', ...urls);
    expect(cases.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(code).toBe(0);
    expect(idsOf(cases, 'not applicable')).toEqual(['X2', 'S6', 'S8', 'S10', 'S11']);
    expect(idsOf(cases, 'not offered')).toEqual([]);
    for (const url of urls)
      expect(cases.filter((each) => each.url === url && each.outcome === 'passed').length).toBeGreaterThan(
        30,
      );
    expect(idsOf(cases, 'passed')).toEqual(expect.arrayContaining(['V1', 'X1', 'D1', 'S1', 'K1']));
  });

  it('passes for a server that does not offer the extension, and says so', async () => {
    const harness = await HarnessProcess.start();
    const { tcp, udp, websocket } = harness.ports;
    const urls = [`tcp://${HOST}:${tcp}`, `udp://${HOST}:${udp}`, `ws://${HOST}:${websocket}/websocket`];
    const { code, cases } = await check('--url', ...urls);
    expect(cases.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
    expect(code).toBe(0);
    expect(idsOf(cases, 'passed').filter((id) => !id.startsWith('V'))).toEqual(['X1', 'X4']);
    expect(idsOf(cases, 'not offered')).toEqual(expect.arrayContaining(['X3', 'D1', 'S1', 'K1']));
    await harness.stop();
  });

  it('exits with 1 and says what was seen if a requirement is not fulfilled', async () => {
    const { port, close } = await serveLoginsOnly();
    const run = start('conformance', '--url', `tcp://${HOST}:${port}`, '--only', 'V3,X2', '--timeout', '1');
    expect(await run.exited).toBe(1);
    expect(run.output).toMatch(
      /V3 +failed +A keep-alive is answered\n +expected a keep-alive response .*\n +saw \{.*"type":50/,
    );
    expect(run.output).toContain('0 passed, 1 failed, 1 not applicable, 0 not offered');
    close();
  });

  it('exits with 1 if there is no server', async () => {
    const run = start('conformance', '--url', 'tcp://127.0.0.1:1');
    expect(await run.exited).toBe(1);
    expect(run.errors).toContain('expected a connection');
  });

  it('rejects unknown cases and servers that reject the login', async () => {
    const server = start('serve', ...FREE_PORTS, '--token', 'secret');
    await server.says('Press Ctrl+C to stop.');
    const unknown = start('conformance', '--url', server.url('tcp'), '--only', 'V1,Z9');
    expect(await unknown.exited).toBe(1);
    expect(unknown.errors).toContain('--only must name cases, got "Z9"');
    const rejected = start('conformance', '--url', server.url('tcp'), '--token', 'wrong');
    expect(await rejected.exited).toBe(1);
    expect(rejected.errors).toContain('Cannot log in');
    expect(rejected.errors).not.toContain('wrong');
  });
});

/** A server that answers the first login of each connection, and nothing else. */
async function serveLoginsOnly(): Promise<{ port: number; close(): void }> {
  const body = Buffer.from(
    '{"bridge":false,"type":50,"dataContent":"{\\"code\\":0,\\"firstLoginTime\\":1}","from":"0","to":"-1","QoS":false,"typeu":-1,"sm":-1}',
  );
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', () => socket.write(Buffer.concat([header, body])));
    socket.resume();
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}
