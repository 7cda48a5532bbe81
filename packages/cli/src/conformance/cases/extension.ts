import { ExtensionType, PacketType } from '@imcore/protocol';
import type { Case } from '../case.js';
import { expectThat, NotApplicable, Unmet } from '../outcome.js';
import { describeFrames, FIRST_NEW_TYPE, type Frame, membersOf } from '../wire.js';
import { onlyV6 } from './v6-checks.js';

/** What a client might add to a message, and nobody else may get. */
const FOREIGN = { ttl: 60_000, s: 777, i: 778, t: 779, zz: 'foreign' };

/** Members of `x` that a server may add to an entry. */
const OF_ENTRIES = ['s', 'i', 't', 'k', 'of', 'enc', 'log'];

/** A type to the server that no version has. */
const UNKNOWN_TYPE = 1099;

/** Requirements on the extension as a whole. */
export const EXTENSION_CASES: readonly Case[] = [
  {
    id: 'X1',
    title: 'Without x in its login a session gets nothing but v6',
    section: '12.1',
    needs: 'v6',
    async run(stage, offersLog) {
      const [aliceId, bobId] = [stage.user('alice'), stage.user('bob')];
      const alice = await stage.login(aliceId);
      const bob = offersLog ? await stage.device(bobId, 'laptop') : await stage.login(bobId);
      await bob.write(aliceId, 'to a v6 session');
      await alice.message('to a v6 session');
      await alice.write(bobId, 'from a v6 session');
      await bob.message('from a v6 session');
      if (offersLog) await (await stage.device(aliceId, 'tablet')).write(bobId, 'from a device beside it');
      alice.send({ type: PacketType.Echo, dataContent: 'echo' });
      await alice.settled();
      const again = await stage.login(aliceId);
      await again.settled();
      onlyV6([...alice.peer.frames, ...again.peer.frames]);
    },
  },
  {
    id: 'X2',
    title: 'A client sends nothing of the extension without x in the answer',
    section: '12.1',
    needs: 'v6',
    cannot: 'a requirement on clients',
  },
  {
    id: 'X3',
    title: 'Unknown capabilities, members and types from 1000 on are ignored',
    section: '12.1',
    needs: 'log',
    async run(stage) {
      const caps = ['zz', 'log', 'g0000'];
      const dev = { id: 'laptop', kind: 'watch', name: 'n', zz: [1] };
      const alice = await stage.device(stage.user('alice'), 'laptop', { offer: { caps, dev, zz: { a: 1 } } });
      const bob = await stage.login(stage.user('bob'));
      const before = alice.peer.frames.length;
      alice.send({ type: UNKNOWN_TYPE, x: { q: 1 } });
      alice.send({ type: ExtensionType.Stored, x: { fp: 'x', s: 1, i: 1, t: 1 } });
      alice.send({ type: ExtensionType.Position, x: { s: 0, zz: 'unknown' } });
      await alice.settled();
      const others = alice.peer.frames
        .slice(before)
        .filter(({ packet }) => packet.type !== PacketType.KeepAliveResponse);
      expectThat(others.length === 0, 'no answer to what is unknown', () => describeFrames(others));
      await bob.write(alice.userId, 'still here');
      await alice.message('still here');
    },
  },
  {
    id: 'X4',
    title: 'x is never forwarded',
    section: '12.1',
    needs: 'v6',
    async run(stage, offersLog) {
      const [bobId, carolId] = [stage.user('bob'), stage.user('carol')];
      const bob = await stage.login(bobId);
      const carol = offersLog ? await stage.device(carolId, 'laptop') : undefined;
      const v6 = await stage.login(stage.user('alice'));
      const senders = offersLog ? [v6, await stage.device(stage.user('dave'), 'laptop')] : [v6];
      for (const [index, sender] of senders.entries()) {
        const content = `from sender ${index}`;
        await sender.write(bobId, content, { x: FOREIGN });
        const { body, packet } = await bob.message(content);
        expectThat(packet.x === undefined, 'no member x', () => body);
        if (carol === undefined) continue;
        await sender.write(carolId, content, { x: FOREIGN });
        isOwnExtension(await carol.message(content));
      }
    },
  },
  {
    id: 'X5',
    title: 'No packet of a new type has QoS, a fingerprint or content',
    section: '12.1',
    needs: 'log',
    async run(stage) {
      const alice = await stage.device(stage.user('alice'), 'laptop');
      await alice.write(stage.user('bob'), 'hello');
      alice.send({ type: ExtensionType.Request, x: { q: 7, op: 'no-such-operation' } });
      await alice.peer.untilFrame(
        'an answer (type 1104) to the request',
        ({ packet }) => packet.type === ExtensionType.Answer && membersOf(packet.x)['q'] === 7,
      );
      const frames = alice.peer.frames.filter(({ packet }) => packet.type >= FIRST_NEW_TYPE);
      if (frames.length === 0) throw new NotApplicable('the server wrote no packet of a new type');
      for (const { body, packet } of frames) {
        const { QoS, fp, dataContent } = packet;
        if (QoS !== false || fp !== undefined || dataContent !== undefined)
          throw new Unmet('QoS false, no fp and no dataContent', body);
      }
    },
  },
];

/** @throws Unmet if `x` of an entry has what its sender has added */
function isOwnExtension({ body, packet }: Frame): void {
  const x = membersOf(packet.x);
  const foreign = Object.keys(x).filter((name) => !OF_ENTRIES.includes(name));
  const isOwn = foreign.length === 0 && x['s'] !== FOREIGN.s && x['i'] !== FOREIGN.i && x['t'] !== FOREIGN.t;
  expectThat(isOwn, 'only the server’s own members of x', () => body);
}
