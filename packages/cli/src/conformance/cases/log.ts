import { ExtensionType } from '@imcore/protocol';
import type { Case } from '../case.js';
import type { Entry } from '../log-view.js';
import { expectThat, Unmet } from '../outcome.js';
import type { Session } from '../session.js';
import type { Stage } from '../stage.js';
import { describeFrames, type Frame, membersOf, numberIn } from '../wire.js';

/** Requirements on the log of a user. */
export const LOG_CASES: readonly Case[] = [
  {
    id: 'S1',
    title: 'Positions are 1, 2, 3 … without repetition',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      const { device, sender } = await receiverAndSender(stage, true);
      const fingerprints = await writeMany(sender, device.userId, 'message', 20);
      await device.covered(20);
      await device.settled();
      const { arrived } = device.log;
      for (const entry of arrived) {
        const other = arrived.find(
          ({ position, messageId, fingerprint }) =>
            (position === entry.position) !==
            (fingerprint === entry.fingerprint && messageId === entry.messageId),
        );
        if (other !== undefined)
          throw new Unmet('one position for each message', describeEntries([entry, other]));
      }
      const inOrder = device.log.entries.map(({ position, fingerprint }) => `${position} ${fingerprint}`);
      expectThat(
        inOrder.length === 20 && fingerprints.every((fp, index) => inOrder[index] === `${index + 1} ${fp}`),
        'the 20 messages at the positions 1 to 20, in the order in which they were acknowledged',
        () => describeEntries(arrived),
      );
    },
  },
  {
    id: 'S2',
    title: 'Entries ascend; what is missing is named by a skip or by stored',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      const alice = await stage.device(stage.user('alice'), 'laptop');
      const bob = await stage.device(stage.user('bob'), 'laptop');
      for (let round = 1; round <= 4; round += 1) {
        await alice.write(bob.userId, `mine ${round}`);
        await bob.write(alice.userId, `theirs ${round}`);
      }
      await alice.covered(8);
      await alice.settled();
      if (stage.isReliable) ascending(alice);
    },
  },
  {
    id: 'S3',
    title: 'No entry is more than win beyond the acknowledged position',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      const { device, sender } = await receiverAndSender(stage);
      const window = windowOf(device);
      await writeMany(sender, device.userId, 'message', window + 20);
      await device.covered(window);
      await device.settled();
      atMost(device, window);
      device.position(10);
      await device.covered(window + 10);
      await device.settled();
      atMost(device, window + 10);
    },
  },
  {
    id: 'S4',
    title: 'The acknowledged position only grows: a smaller one, and one beyond the end, are ignored',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      const { device, sender } = await receiverAndSender(stage);
      const window = windowOf(device);
      await writeMany(sender, device.userId, 'first', 10);
      await device.covered(10);
      device.position(10);
      device.position(1);
      device.position(1000);
      await device.keepAlive();
      await writeMany(sender, device.userId, 'second', window);
      await device.covered(10 + window);
      const missing = device.log.entries.length < 10 + window;
      expectThat(!missing, `all of the ${10 + window} messages as entries`, () =>
        describeEntries(device.log.arrived),
      );
    },
  },
  {
    id: 'S5',
    title: 'A resume at s brings s + 1 first',
    section: '12.2',
    needs: 'log',
    async run(stage) {
      const { device, sender } = await receiverAndSender(stage);
      await writeMany(sender, device.userId, 'before', 5);
      await device.covered(5);
      device.position(3);
      await device.keepAlive();
      device.leave();
      await writeMany(sender, device.userId, 'meanwhile', 2);
      const position = { e: device.answer?.epoch ?? '', s: 3 };
      const again = await stage.device(device.userId, 'laptop', { position });
      const { answer } = again;
      expectThat(
        answer?.position === 3 && answer.hole === undefined && answer.epoch === position.e,
        'an answer with the same epoch and position, and no hole',
        () => describeFrames(again.peer.frames.slice(0, 1)),
      );
      await again.covered(7);
      await again.settled();
      const first = again.log.arrived[0]?.position;
      expectThat(first === 4, 'position 4 as the first entry', () => describeEntries(again.log.arrived));
    },
  },
  {
    id: 'S6',
    title: 'Another epoch, and a position beyond the end, are answered with a hole',
    section: '12.2',
    needs: 'log',
    async run(stage) {
      const empty = await stage.device(stage.user('nobody-writes-to'), 'laptop', {
        position: { e: 'another', s: 4 },
      });
      hasHole(empty, 1, 0);
      const { device, sender } = await receiverAndSender(stage);
      await writeMany(sender, device.userId, 'message', 3);
      await device.covered(3);
      const epoch = device.answer?.epoch ?? '';
      for (const position of [
        { e: 'another', s: 2 },
        { e: epoch, s: 1000 },
      ]) {
        const other = await stage.device(device.userId, 'tablet', { position });
        hasHole(other, 1, 3);
        expectThat(other.answer?.epoch === epoch, 'the epoch of the server', () =>
          String(other.answer?.epoch),
        );
        await other.settled();
        expectThat(other.log.arrived.length === 0, 'no entry of the hole', () =>
          describeEntries(other.log.arrived),
        );
        other.leave();
      }
    },
  },
  {
    id: 'S6',
    title: 'A trimmed position is answered with a hole',
    section: '12.2',
    needs: 'log',
    cannot: 'a client cannot make a server remove entries',
  },
  {
    id: 'S7',
    title: 'What sync asks for is written or skipped',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      const { device, sender } = await receiverAndSender(stage);
      await writeMany(sender, device.userId, 'message', 5);
      await device.covered(5);
      const { arrived } = device.log;
      const asked = arrived.length;
      device.sync(2);
      await device.keepAlive();
      const handled = arrived.length;
      const hasCome = (position: number): boolean =>
        arrived.slice(asked).some((entry) => entry.position === position) ||
        device.peer.ofType(ExtensionType.Skip).some((frame) => positionsOf(frame).includes(position));
      await device.peer.until('the positions 3, 4 and 5 again after sync with 2', () =>
        [3, 4, 5].every(hasCome) ? true : undefined,
      );
      // A server that has ignored it comes to these positions as well, when it has waited in vain: from 1 on.
      const acknowledged = arrived.slice(handled).filter(({ position }) => position <= 2);
      expectThat(acknowledged.length === 0, 'nothing up to 2, which sync acknowledges', () =>
        describeEntries(acknowledged),
      );
    },
  },
  {
    id: 'S8',
    title: '`stored` is sent only after the entry is durable',
    section: '12.5',
    needs: 'log',
    cannot: 'to see it, the server’s machine must fail: cut its power after `stored`, and look for the entry',
  },
  {
    id: 'S9',
    title: 'A repetition of a stored message draws stored with the same s and i',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      // What a device has acknowledged may leave the log: it knows the position then.
      const options = { acknowledges: false };
      const alice = await stage.device(stage.user('alice'), 'laptop', options);
      const bob = await stage.device(stage.user('bob'), 'laptop');
      const fp = stage.fingerprint();
      const first = await alice.write(bob.userId, 'once', { fp });
      await alice.write(bob.userId, 'another');
      sameStored(first, await alice.write(bob.userId, 'once', { fp }));
      alice.leave();
      const position = { e: alice.answer?.epoch ?? '', s: 0 };
      const again = await stage.device(alice.userId, 'laptop', { ...options, position });
      sameStored(first, await again.write(bob.userId, 'once', { fp }));
      await bob.covered(2);
      await bob.settled();
      const copies = bob.log.entries.filter(({ content }) => content === 'once');
      expectThat(copies.length === 1, 'one entry for the receiver', () => describeEntries(copies));
    },
  },
  {
    id: 'S10',
    title: 'A client passes entries to its application in order, each once',
    section: '12.5',
    needs: 'log',
    cannot: 'a requirement on clients',
  },
  {
    id: 'S11',
    title: 'A client acknowledges only what its application has handled',
    section: '12.5',
    needs: 'log',
    cannot: 'a requirement on clients',
  },
];

/** A device with an empty log, and a v6 session that writes to it. */
async function receiverAndSender(
  stage: Stage,
  acknowledges = false,
): Promise<{ device: Session; sender: Session }> {
  const device = await stage.device(stage.user('bob'), 'laptop', { acknowledges });
  // Over UDP the server writes nothing before the first datagram with the key.
  device.position(0);
  return { device, sender: await stage.login(stage.user('alice')) };
}

/** Writes messages one after the other. Returns their fingerprints. */
async function writeMany(sender: Session, to: string, content: string, count: number): Promise<string[]> {
  const fingerprints: string[] = [];
  for (let number = 1; number <= count; number += 1) {
    const { packet } = await sender.write(to, `${content} ${number}`);
    fingerprints.push(String(packet.dataContent));
  }
  return fingerprints;
}

function windowOf({ answer, peer }: Session): number {
  const window = answer?.window ?? Number.NaN;
  expectThat(Number.isInteger(window) && window >= 1 && window <= 1024, 'win from 1 to 1024', () =>
    describeFrames(peer.frames.slice(0, 1)),
  );
  return window;
}

/** @throws Unmet if an entry is beyond a position */
function atMost({ log }: Session, limit: number): void {
  const beyond = log.arrived.filter(({ position }) => position > limit);
  expectThat(beyond.length === 0, `no entry beyond position ${limit}`, () => describeEntries(beyond));
}

/** @throws Unmet if an entry came before what is between it and what the session knew then */
function ascending({ peer, answer }: Session): void {
  const known = new Set<number>();
  let covered = answer?.position ?? 0;
  for (const frame of peer.frames) {
    for (const position of positionsOf(frame)) known.add(position);
    while (known.has(covered + 1)) covered += 1;
    const position = frame.packet.type === 2 ? numberIn(membersOf(frame.packet.x), 's') : 0;
    expectThat(position <= covered, `position ${covered + 1} next, or a skip or stored for it`, () =>
      describeFrames([frame]),
    );
  }
}

function positionsOf({ packet }: Frame): number[] {
  const x = membersOf(packet.x);
  if (packet.type === ExtensionType.Skip) {
    const [from, to] = [numberIn(x, 'from'), numberIn(x, 'to')];
    return Array.from({ length: Math.max(0, Math.min(to - from + 1, 1000)) }, (_, index) => from + index);
  }
  return packet.type === 2 || packet.type === ExtensionType.Stored ? [numberIn(x, 's')] : [];
}

function hasHole({ answer, peer }: Session, from: number, to: number): void {
  const isRight = JSON.stringify(answer?.hole) === `[${from},${to}]` && answer?.position === to;
  expectThat(isRight, `hole [${from},${to}] and position ${to}`, () =>
    describeFrames(peer.frames.slice(0, 1)),
  );
}

function sameStored(one: Frame, other: Frame): void {
  const [first, second] = [membersOf(one.packet.x), membersOf(other.packet.x)];
  expectThat(
    first['s'] === second['s'] && first['i'] === second['i'],
    `the same s and i as in ${JSON.stringify(first)}`,
    () => JSON.stringify(second),
  );
}

function describeEntries(entries: readonly Entry[]): string {
  if (entries.length === 0) return 'no entry';
  return entries
    .slice(-12)
    .map(({ position, messageId, content }) => `${position}: ${JSON.stringify(content)} (i ${messageId})`)
    .join(', ');
}
