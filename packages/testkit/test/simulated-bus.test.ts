import { SeededRandom, SimulatedBus, type SimulatedMember, VirtualClock } from '@imcore/testkit';
import { describe, expect, it } from 'vitest';

async function setUp(...names: string[]) {
  const clock = new VirtualClock();
  const bus = new SimulatedBus({ clock, random: new SeededRandom(1) });
  const received: string[] = [];
  const members: SimulatedMember[] = [];
  for (const name of names) {
    const member = bus.createMember(name);
    await member.start({
      receive: (frame) => received.push(`${name} ${Buffer.from(frame).toString()}`),
      joined: () => received.push(`${name} joined`),
      away: () => received.push(`${name} away`),
    });
    members.push(member);
  }
  received.length = 0;
  return { clock, bus, received, members: members as [SimulatedMember, SimulatedMember, SimulatedMember] };
}

const frame = (text: string) => Buffer.from(text);

describe('SimulatedBus', () => {
  it('carries frames to one node, and to all but the sender, within 40 ms', async () => {
    const { clock, received, members } = await setUp('a', 'b', 'c');
    expect(members[0].send('b', frame('one'))).toBe(true);
    clock.advance(40);
    expect(received).toEqual(['b one']);
    members[0].broadcast(frame('all'));
    clock.advance(40);
    expect(received.slice(1).sort()).toEqual(['b all', 'c all']);
  });

  it('delays one frame in twenty, so that later ones overtake it', async () => {
    const { clock, received, members } = await setUp('a', 'b');
    for (let i = 0; i < 200; i++) {
      members[0].send('b', frame(`${i}`));
      clock.advance(3);
    }
    clock.advance(40);
    const late = received.filter(
      (text, index) => index > 0 && text !== received[index - 1] && +text.slice(2) < index,
    );
    expect(received).toHaveLength(200);
    expect(late.length).toBeGreaterThan(3);
    expect(late.length).toBeLessThan(30);
  });

  it('loses and duplicates frames', async () => {
    const { clock, bus, received, members } = await setUp('a', 'b');
    bus.setConditions({ loss: 1 });
    members[0].send('b', frame('x'));
    bus.setConditions({ loss: 0, duplication: 1 });
    members[0].send('b', frame('y'));
    clock.advance(40);
    expect(received).toEqual(['b y', 'b y']);
  });

  it('drops frames of and to a node that is away, and says so', async () => {
    const { clock, bus, received, members } = await setUp('a', 'b');
    members[1].goAway();
    expect(members[1].send('a', frame('x'))).toBe(false);
    expect(members[0].send('b', frame('y'))).toBe(true);
    clock.advance(40);
    members[1].comeBack();
    expect(received).toEqual(['b away', 'b joined']);
    bus.stop();
    bus.restart();
    expect(received.slice(2)).toEqual(['a away', 'b away', 'a joined', 'b joined']);
  });

  it('loses frames between the groups of a split', async () => {
    const { clock, bus, received, members } = await setUp('a', 'b', 'c');
    bus.split(['a', 'b'], ['c']);
    members[0].broadcast(frame('x'));
    clock.advance(40);
    bus.heal();
    members[0].send('c', frame('y'));
    clock.advance(40);
    expect(received).toEqual(['b x', 'c y']);
  });

  it('keeps frames for a paused process, and none for one that has ended', async () => {
    const { clock, received, members } = await setUp('a', 'b', 'c');
    members[1].pause();
    members[2].crash();
    members[0].broadcast(frame('x'));
    clock.advance(40);
    expect(received).toEqual([]);
    members[1].resume();
    expect(received).toEqual(['b x']);
    expect(members[2].send('a', frame('y'))).toBe(false);
  });

  it('rejects frames that are too large', async () => {
    const { members } = await setUp('a', 'b');
    expect(() => members[0].broadcast(new Uint8Array(4097))).toThrow(
      'a frame has 4097 bytes, the limit is 4096',
    );
  });
});
