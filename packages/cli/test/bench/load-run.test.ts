import { tcp } from '@imcore/client/node';
import { createServer, type ImServer, memoryStore, tcp as tcpTransport } from '@imcore/server';
import { afterEach, describe, expect, it } from 'vitest';
import { planOf } from '../../src/bench/bench-flags.js';
import type { LoadPlan } from '../../src/bench/load-plan.js';
import { runLoad } from '../../src/bench/load-run.js';

const FLAGS = { pairs: '4', window: '8', size: '64', duration: '1', warmup: '0' };

let server: ImServer | undefined;

afterEach(() => server?.close());

async function serve(options: Partial<Parameters<typeof createServer>[0]> = {}): Promise<number> {
  server = createServer({ transports: [tcpTransport({ port: 0, host: '127.0.0.1' })], ...options });
  const [address] = await server.listen();
  return address?.port ?? 0;
}

function run(
  port: number,
  flags: Partial<Parameters<typeof planOf>[0]> = {},
  limits: Partial<Pick<LoadPlan, 'drainMs' | 'maxInFlight'>> = {},
) {
  return runLoad({
    plan: { ...planOf({ ...FLAGS, ...flags }), drainMs: 10_000, ...limits },
    transport: tcp({ host: '127.0.0.1', port }),
    serverPid: process.pid,
    onProgress: () => {},
  });
}

describe('runLoad', () => {
  it('reports no errors for a correct server', async () => {
    const { counts, lost, failures, delivery, server: use } = await run(await serve());
    expect(counts.sent).toBeGreaterThan(100);
    expect(counts).toEqual({
      sent: counts.sent,
      delivered: counts.sent,
      acknowledged: counts.sent,
      duplicates: 0,
      outOfOrder: 0,
      corrupted: 0,
      unexpected: 0,
    });
    expect([lost, failures]).toEqual([0, []]);
    expect(delivery.total).toBeGreaterThan(0);
    expect(use?.cpuPerMessage).toBeGreaterThan(0);
  });

  it('sends at the given rate', async () => {
    const { counts } = await run(await serve(), { rate: '200' });
    expect(counts.sent).toBeGreaterThan(150);
    expect(counts.sent).toBeLessThanOrEqual(201);
  });

  it('counts messages that the server drops as lost', async () => {
    const port = await serve({ hooks: { authorizeMessage: (message) => !message.content.startsWith('3:') } });
    const { counts, lost } = await run(port, { rate: '200', pairs: '2' }, { drainMs: 300 });
    expect(lost).toBe(2);
    expect(counts.delivered).toBe(counts.sent - 2);
  });

  it('stops early and reports it when the server cannot keep up', async () => {
    const port = await serve({ hooks: { authorizeMessage: () => false } });
    const limits = { drainMs: 0, maxInFlight: 100 };
    const { counts, failures } = await run(port, { rate: '1000', duration: '60' }, limits);
    expect(counts.sent).toBeLessThan(2000);
    expect(failures).toEqual([
      expect.stringMatching(
        /^stopped after \d+\.\d s: more than 100 messages in flight; .* cannot handle 1000 messages per second$/,
      ),
    ]);
  });

  it('waits only for acknowledgements with offline receivers', async () => {
    const port = await serve({ store: memoryStore() });
    const { counts, lost } = await run(port, { rate: '200', offline: true });
    expect(counts.acknowledged).toBe(counts.sent);
    expect([counts.delivered, lost]).toEqual([0, 0]);
  });

  it('reports why it could not start', async () => {
    const port = await serve({ hooks: { authenticate: () => ({ accept: false, code: 1025 }) } });
    await expect(run(port)).rejects.toThrow('the login was rejected with code 1025');
  });
});
