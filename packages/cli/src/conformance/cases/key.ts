import { ExtensionType, PacketType } from '@imcore/protocol';
import type { Case } from '../case.js';
import { expectThat } from '../outcome.js';
import { quiet } from '../session.js';
import { offerOf } from '../stage.js';
import { contentOf, describeFrames, membersOf } from '../wire.js';

const WRONG_KEY = 'AAAAAAAAAAA';

/** Requirements on the key of a session over UDP. */
export const KEY_CASES: readonly Case[] = [
  {
    id: 'K1',
    title: 'A datagram without the session’s key changes nothing',
    section: '12.6',
    needs: 'log',
    transports: ['udp'],
    async run(stage) {
      const alice = await stage.device(stage.user('alice'), 'laptop');
      const bob = await stage.login(stage.user('bob'));
      const before = alice.peer.frames.length;
      for (const x of [undefined, { a: WRONG_KEY }]) {
        const from = alice.userId;
        alice.peer.send({ type: PacketType.KeepAlive, dataContent: '{}', from, x });
        const fp = stage.fingerprint();
        alice.peer.send({
          type: PacketType.Data,
          dataContent: 'forged',
          from,
          to: bob.userId,
          fp,
          QoS: true,
          x,
        });
        alice.peer.send({ type: ExtensionType.Request, from, x: { q: 1, op: 'devices', ...x } });
        alice.peer.send({ type: PacketType.Logout, from, x });
      }
      await quiet();
      const answers = alice.peer.frames.slice(before);
      expectThat(answers.length === 0, 'no answer', () => describeFrames(answers));
      await alice.settled();
      await bob.settled();
      const forged = bob.peer.ofType(PacketType.Data);
      expectThat(forged.length === 0, 'no message to the receiver', () => describeFrames(forged));
    },
  },
  {
    id: 'K2',
    title: 'A repeated login gets the same key',
    section: '12.6',
    needs: 'log',
    transports: ['udp'],
    async run(stage) {
      const alice = await stage.device(stage.user('alice'), 'laptop');
      const key = alice.answer?.key;
      expectThat(/^[\w-]{11}$/.test(key ?? ''), 'a key of 11 characters', () =>
        describeFrames(alice.peer.frames),
      );
      const { peer } = alice;
      const before = peer.frames.length;
      const again = await stage.loginOn(peer, alice.userId, { x: offerOf('laptop') });
      const responses = peer.frames
        .slice(before)
        .filter(({ packet }) => packet.type === PacketType.LoginResponse);
      expectThat(responses.length > 0, 'a second answer', () => describeFrames(peer.frames));
      for (const { packet, body } of responses)
        expectThat(membersOf(contentOf(packet)['x'])['key'] === key, `the key ${key}`, () => body);
      await again.keepAlive();
    },
  },
  {
    id: 'K3',
    title: 'A login from the address of a negotiated session ends it only after it is proven',
    section: '12.6',
    needs: 'log',
    transports: ['udp'],
    async run(stage) {
      const alice = await stage.device(stage.user('alice'), 'laptop');
      const dataContent = JSON.stringify({
        loginUserId: stage.user('mallory'),
        loginToken: '',
        firstLoginTime: 0,
      });
      // What the forger of an address can do: it does not see the answer, so it acknowledges nothing.
      alice.peer.send({ type: PacketType.Login, dataContent, from: stage.user('mallory') });
      await quiet();
      await alice.settled();
      const bob = await stage.login(stage.user('bob'));
      await bob.write(alice.userId, 'still to alice');
      await alice.message('still to alice');
    },
  },
];
