import { PacketType } from '@imcore/protocol';
import type { Case } from '../case.js';
import { expectThat } from '../outcome.js';
import { quiet } from '../session.js';
import { contentOf, describeFrames, FIRST_NEW_TYPE } from '../wire.js';
import { kickedOut, notKickedOut, notLoggedIn } from './v6-checks.js';

/** A type that no version of the protocol has. */
const UNKNOWN_TYPE = 77;

/** Requirements of v6 on logins, keep-alives and duplicate logins. */
export const SESSION_CASES: readonly Case[] = [
  {
    id: 'V1',
    title: 'A login is answered with code 0 and the first login time',
    section: '4',
    needs: 'v6',
    async run(stage) {
      const alice = stage.user('alice');
      const first = await stage.login(alice);
      const time = first.firstLoginTime;
      const response = first.peer.ofType(PacketType.LoginResponse)[0];
      expectThat(Number.isSafeInteger(time) && time > 0, 'a firstLoginTime above 0 for a first login', () =>
        String(response?.body),
      );
      const { from, to } = response?.packet ?? {};
      expectThat(from === '0' && to === alice, `a response from "0" to ${alice}`, () =>
        String(response?.body),
      );
      first.leave();
      const again = await stage.login(alice, { firstLoginTime: time });
      expectThat(again.firstLoginTime === time, `the firstLoginTime of the client, ${time}`, () =>
        String(again.firstLoginTime),
      );
    },
  },
  {
    id: 'V2',
    title: 'A login without a user ID is not accepted',
    section: '4',
    needs: 'v6',
    async run(stage) {
      const peer = await stage.connect();
      peer.send({ type: PacketType.Login, dataContent: '{"loginToken":"x"}', from: stage.user('alice') });
      if (stage.isReliable) await peer.untilClosed('the connection to be closed');
      else await quiet();
      const accepted = peer
        .ofType(PacketType.LoginResponse)
        .filter(({ packet }) => contentOf(packet)['code'] === 0);
      expectThat(accepted.length === 0, 'no login response with code 0', () => describeFrames(accepted));
    },
  },
  {
    id: 'V3',
    title: 'A keep-alive is answered',
    section: '5',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      const { body, packet } = await alice.keepAlive();
      expectThat(packet.dataContent === '{}', 'the content {}', () => body);
    },
  },
  {
    id: 'V4',
    title: 'A keep-alive or message before the login gets error 301',
    section: '6',
    needs: 'v6',
    async run(stage) {
      const from = stage.user('alice');
      for (const packet of [
        { type: PacketType.KeepAlive, dataContent: '{}' },
        {
          type: PacketType.Data,
          dataContent: 'hello',
          to: stage.user('bob'),
          fp: stage.fingerprint(),
          QoS: true,
        },
      ]) {
        const peer = await stage.connect();
        peer.send({ from, ...packet });
        await notLoggedIn(peer);
        if (stage.isReliable) await peer.untilClosed('the connection to be closed after error 301');
      }
    },
  },
  {
    id: 'V5',
    title: 'An echo is answered with its content, without a login',
    section: '6',
    needs: 'v6',
    async run(stage) {
      const peer = await stage.connect();
      peer.send({ type: PacketType.Echo, dataContent: 'are you there', from: stage.user('alice') });
      await peer.untilFrame(
        'an echo response (type 53) with the same content',
        ({ packet }) => packet.type === PacketType.EchoResponse && packet.dataContent === 'are you there',
      );
    },
  },
  {
    id: 'V6',
    title: 'A duplicate login ends the older session with kick-out code 1',
    section: '4, 5',
    needs: 'v6',
    async run(stage) {
      const old = await stage.login(stage.user('alice'));
      const fresh = await stage.login(stage.user('alice'));
      await kickedOut(old);
      if (stage.isReliable) await old.peer.untilClosed('the kicked out connection to be closed');
      await fresh.keepAlive();
      notKickedOut(fresh);
    },
  },
  {
    id: 'V7',
    title: 'The same client’s next login replaces its session without a kick-out',
    section: '4, 5',
    needs: 'v6',
    async run(stage) {
      const old = await stage.login(stage.user('alice'));
      const bob = await stage.login(stage.user('bob'));
      const again = await stage.login(stage.user('alice'), { firstLoginTime: old.firstLoginTime });
      await bob.write(stage.user('alice'), 'after the reconnect');
      await again.message('after the reconnect');
      await quiet();
      notKickedOut(old);
      notKickedOut(again);
    },
  },
  {
    id: 'V8',
    title: 'A client that missed its kick-out is kicked out at its next login',
    section: '4, 5',
    needs: 'v6',
    async run(stage) {
      const current = await stage.login(stage.user('alice'));
      const stale = await stage.login(stage.user('alice'), { firstLoginTime: current.firstLoginTime - 1000 });
      await kickedOut(stale);
      await current.keepAlive();
      notKickedOut(current);
    },
  },
  {
    id: 'V9',
    title: 'Packets of unknown types are ignored',
    section: '3',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      for (const type of [UNKNOWN_TYPE, FIRST_NEW_TYPE, FIRST_NEW_TYPE + 1, FIRST_NEW_TYPE + 99])
        alice.send({ type, x: { s: 1, after: 1 } });
      const before = alice.peer.frames.length;
      await alice.settled();
      const others = alice.peer.frames
        .slice(before)
        .filter(({ packet }) => packet.type !== PacketType.KeepAliveResponse);
      expectThat(others.length === 0, 'no answer to packets of unknown types', () => describeFrames(others));
    },
  },
];
