import { dataPacket, type Packet } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { Delivery } from '../src/delivery/delivery.js';
import { Dispatcher } from '../src/delivery/dispatcher.js';
import { FallbackRoute } from '../src/delivery/fallback-route.js';
import { createRouteHost } from '../src/delivery/route-host.js';
import { HookRunner } from '../src/hook-runner.js';
import type { SendOutcome } from '../src/hooks.js';
import { UserRegistry } from '../src/users/user-registry.js';
import { type Bench, openBench } from './support/bench.js';
import { RecordingRoute } from './support/recording-route.js';
import { createRuntime } from './support/runtime.js';
import { message } from './support/wire.js';

async function setUp() {
  const route = new RecordingRoute();
  const bench = await openBench({ routes: [route] });
  if (route.host === undefined) throw new Error('the route was given no host');
  return { bench, route, host: route.host };
}

/** The only message that the route has taken, of the server itself. */
async function sendToCarol(bench: Bench, route: RecordingRoute) {
  const sent = bench.server.send('carol', 'hello');
  const [delivery] = route.taken;
  if (delivery === undefined) throw new Error('the route has taken nothing');
  return { sent, delivery };
}

describe('a route', () => {
  it.each<[SendOutcome, string]>([
    ['received', 'acknowledged'],
    ['written', 'acknowledged'],
    ['bridged', 'acknowledged'],
    ['stored', 'persisted'],
  ])('accepts a message as %s', async (outcome, state) => {
    const { bench, route, host } = await setUp();
    const { sent, delivery } = await sendToCarol(bench, route);
    host.accept(delivery, outcome);
    expect(await sent).toBe(outcome);
    expect(delivery.state).toBe(state);
  });

  it('that gives a message several outcomes is reported, and the first one counts', () => {
    const runtime = createRuntime();
    const fallback = new FallbackRoute(runtime, new HookRunner(runtime, {}, 1000));
    const users = new UserRegistry(runtime);
    const host = createRouteHost(runtime, users, new Dispatcher(fallback), fallback, undefined, undefined);
    const packet = dataPacket({ from: 'alice', to: 'carol', content: '', fingerprint: 'fp-1' });
    const outcomes: string[] = [];
    const origin = {
      asksHook: true,
      accepted: () => outcomes.push('accepted'),
      failed: () => outcomes.push('failed'),
      waitFor: () => {},
    };
    const bugs: Error[] = [];
    const takeOne = () => new Delivery(packet, '', 'alice', 'carol', origin, (error) => bugs.push(error));
    const accepted = takeOne();
    host.accept(accepted, 'received');
    host.accept(accepted, 'received');
    host.fallBack(accepted, 'offline');
    const dropped = takeOne();
    host.fallBack(dropped, 'offline');
    host.fallBack(dropped, 'offline');
    host.accept(dropped, 'received');
    expect(outcomes).toEqual(['accepted', 'failed']);
    expect(bugs).toHaveLength(4);
    expect(runtime.metrics.messagesUndelivered).toBe(1);
  });

  it('forwards the receiver’s frame to the sender', async () => {
    const { bench, route, host } = await setUp();
    const alice = await bench.online('alice');
    alice.write(message('alice', 'carol', 'hello', 'fp-1'));
    const [delivery] = route.taken;
    if (delivery !== undefined) host.accept(delivery, 'received', '{"type":4,"dataContent":"fp-1"}');
    expect(alice.frames).toEqual(['{"type":4,"dataContent":"fp-1"}']);
  });

  it('dispatches a packet with the given sender and receiver', async () => {
    const { bench, host } = await setUp();
    const bob = await bench.online('bob');
    const packet: Packet = {
      ...dataPacket({ from: 'alice', to: 'team', content: 'hello', fingerprint: 'fp-1', type: 7 }),
      sm: 5,
    };
    const origin = { asksHook: true, accepted() {}, failed() {}, waitFor() {} };
    host.dispatch(packet, 'carol', 'bob', origin);
    expect(bob.received).toEqual([{ ...packet, from: 'carol', to: 'bob' }]);
  });

  it('dispatches a packet without a fingerprint as one without QoS', async () => {
    const { bench, host } = await setUp();
    const bob = await bench.online('bob');
    const packet = {
      ...dataPacket({ from: 'alice', to: 'bob', content: '', fingerprint: undefined }),
      QoS: true,
    };
    host.dispatch(packet, 'alice', 'bob', { asksHook: true, accepted() {}, failed() {}, waitFor() {} });
    expect(bob.received).toMatchObject([{ QoS: false }]);
  });
});
