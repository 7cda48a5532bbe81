import { dataPacket } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { Delivery, type DeliveryState, TRANSITIONS } from '../src/delivery/delivery.js';
import { storedOrigin } from '../src/delivery/origins.js';
import { InternalError } from '../src/errors.js';
import { Inbox } from '../src/users/inbox.js';
import { createRuntime } from './support/runtime.js';

const STATES = Object.keys(TRANSITIONS) as DeliveryState[];

/** A way from the first state to each other. */
const WAYS: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: [],
  persisting: ['persisting'],
  rejected: ['persisting', 'rejected'],
  persisted: ['persisting', 'persisted'],
  acknowledged: ['acknowledged'],
  dropped: ['dropped'],
};

function setUp(state: DeliveryState) {
  const packet = dataPacket({ from: 'alice', to: 'bob', content: 'hello', fingerprint: 'fp-1' });
  const bugs: Error[] = [];
  const delivery = new Delivery(packet, 'body', 'alice', 'bob', storedOrigin, (error) => bugs.push(error));
  for (const next of WAYS[state]) delivery.moveTo(next);
  return { delivery, bugs };
}

describe('The states of a delivery', () => {
  it.each(STATES.flatMap((from) => STATES.map((to) => [from, to] as const)))('from %s to %s', (from, to) => {
    const { delivery, bugs } = setUp(from);
    expect(delivery.state).toBe(from);
    delivery.moveTo(to);
    const isAllowed = TRANSITIONS[from].includes(to);
    expect(delivery.state).toBe(isAllowed ? to : from);
    expect(bugs).toHaveLength(isAllowed ? 0 : 1);
    if (!isAllowed) expect(bugs[0]).toBeInstanceOf(InternalError);
  });

  it('never leave the two final ones', () => {
    expect([TRANSITIONS.acknowledged, TRANSITIONS.dropped]).toEqual([[], []]);
  });

  it('name the receiver and both states when a transition is forbidden', () => {
    const { delivery, bugs } = setUp('dropped');
    delivery.moveTo('persisted');
    expect(bugs.map(({ message }) => message)).toEqual([
      'a delivery to bob cannot go from dropped to persisted',
    ]);
  });

  it('are counted by the delivery’s inbox', () => {
    const { delivery } = setUp('pending');
    const inbox = new Inbox({ session: undefined, underWay: createRuntime().underWay });
    inbox.add('fp-1', delivery);
    expect([inbox.hasPending, inbox.persistedBytes]).toEqual([true, 0]);
    delivery.moveTo('persisting');
    expect([inbox.hasPending, inbox.persistedBytes]).toEqual([false, 0]);
    delivery.moveTo('persisted');
    expect(inbox.persistedBytes).toBeGreaterThan(4);
    expect(inbox.take('fp-1', 'alice')).toBe(delivery);
    expect([inbox.hasPending, inbox.persistedBytes]).toEqual([false, 0]);
  });
});
