import { describe, expect, it } from 'vitest';
import { Bench, openBench } from './support/bench.js';
import { ControlledStore } from './support/controlled-store.js';
import { RecordingRoute } from './support/recording-route.js';

describe('listening', () => {
  it('starts all transports and returns their addresses, in the order of the option', async () => {
    const bench = new Bench({});
    expect(await bench.server.listen()).toEqual([
      { transport: 'tcp', host: 'nowhere', port: 1 },
      { transport: 'udp', host: 'nowhere', port: 1 },
      { transport: 'websocket', host: 'nowhere', port: 1 },
    ]);
  });

  it('is possible once', async () => {
    const bench = await openBench();
    await expect(bench.server.listen()).rejects.toMatchObject({
      name: 'UsageError',
      code: 'ERR_ALREADY_LISTENING',
    });
    expect(bench.transports.tcp.calls).toEqual(['listen']);
    await bench.close(0);
    await expect(bench.server.listen()).rejects.toMatchObject({ code: 'ERR_ALREADY_LISTENING' });
  });

  it('closes the other transports when one cannot listen', async () => {
    const store = new ControlledStore();
    const route = new RecordingRoute();
    const bench = new Bench({ store, routes: [route] });
    const failure = new Error('EADDRINUSE');
    bench.transports.udp.failure = failure;
    await expect(bench.server.listen()).rejects.toBe(failure);
    expect(bench.transports.tcp.calls).toEqual(['listen', 'stopAccepting', 'close']);
    expect(bench.transports.websocket.calls).not.toContain('listen');
    expect(route.calls).toEqual(['stopAccepting', 'secure', 'close']);
    expect(store.calls.close).toBe(1);
    expect(bench.clock.pending).toBe(0);
  });

  it('closes the transports when a route cannot start', async () => {
    const route = new RecordingRoute();
    const failure = new Error('no broker');
    route.failures.start = failure;
    const bench = new Bench({ routes: [route] });
    await expect(bench.server.listen()).rejects.toBe(failure);
    for (const { calls } of Object.values(bench.transports)) expect(calls).toContain('close');
  });

  it('is independent for two servers in one process', async () => {
    const one = await openBench();
    const two = await openBench();
    await one.online('alice');
    expect(two.server.isOnline('alice')).toBe(false);
    await two.online('alice');
    await one.close(0);
    expect(two.server.isOnline('alice')).toBe(true);
  });
});
