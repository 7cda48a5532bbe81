import { describe, expect, it } from 'vitest';
import { Scene, TRANSPORTS } from './scene.js';

const scene = Scene.set();

const BURST = 2000;
const CROWD = 60;

describe.each(TRANSPORTS)('2 000 messages in a burst over %s', (transport) => {
  it('arrive exactly once and are acknowledged', async () => {
    const [alice, bob] = [await scene.user('alice', transport), await scene.user('bob', transport)];
    const contents = Array.from({ length: BURST }, (_, index) => `message ${index}`);
    await Promise.all(contents.map((content) => alice.client.send({ to: bob.userId, content })));
    const arrived = bob.messages.map(({ content }) => content);
    expect([...arrived].sort()).toEqual([...contents].sort());
    if (transport !== 'udp') expect(arrived).toEqual(contents);
  });
});

describe('60 clients on three transports', () => {
  it('can all send to each other', async () => {
    const crowd = await Promise.all(
      Array.from({ length: CROWD }, (_, index) => scene.user('crowd', TRANSPORTS[index % 3] ?? 'tcp')),
    );
    const neighbour = (index: number, distance: number) => crowd[(index + distance) % CROWD]?.userId ?? '';
    await Promise.all(
      crowd.flatMap(({ client, userId }, index) =>
        [1, 2, 3].map((distance) =>
          client.send({ to: neighbour(index, distance), content: `from ${userId}` }),
        ),
      ),
    );
    for (const { messages } of crowd) expect(new Set(messages.map(({ content }) => content)).size).toBe(3);
    expect(crowd.flatMap(({ messages }) => messages)).toHaveLength(3 * CROWD);
    scene.harness.command({ cmd: 'online' });
    const list = await scene.harness.events.next(({ ev }) => ev === 'online-list', 'list');
    expect(list['users']).toEqual(expect.arrayContaining(crowd.map(({ userId }) => userId)));
  });
});
