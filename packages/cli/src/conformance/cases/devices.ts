import { PacketType } from '@imcore/protocol';
import type { Case } from '../case.js';
import { expectThat, NotApplicable, Unmet } from '../outcome.js';
import { quiet, type Session } from '../session.js';
import type { Stage } from '../stage.js';
import { contentOf, describeFrames } from '../wire.js';
import { kickedOut, notKickedOut } from './v6-checks.js';

/** Number of devices of one user that log in to find out whether the server has a policy. */
const MANY_DEVICES = 16;

/** Requirements on several devices of one user. */
export const DEVICE_CASES: readonly Case[] = [
  {
    id: 'D1',
    title: 'The next session of a device replaces the older one without a kick-out',
    section: '12.2',
    needs: 'log',
    async run(stage) {
      const old = await stage.device(stage.user('alice'), 'laptop');
      const fresh = await stage.device(stage.user('alice'), 'laptop');
      if (stage.isReliable) await old.peer.untilClosed('the older connection to be closed');
      await (await stage.login(stage.user('bob'))).write(stage.user('alice'), 'to the newer session');
      await fresh.message('to the newer session');
      await quiet();
      notKickedOut(old);
      const late = old.peer.ofType(PacketType.Data);
      expectThat(late.length === 0, 'no message to the older session', () => describeFrames(late));
    },
  },
  {
    id: 'D2',
    title: 'The v6 rule for duplicate logins holds unchanged beside negotiated sessions',
    section: '4, 5',
    needs: 'log',
    async run(stage) {
      const alice = stage.user('alice');
      const laptop = await stage.device(alice, 'laptop');
      const first = await stage.login(alice);
      const second = await stage.login(alice);
      await kickedOut(first);
      const again = await stage.login(alice, { firstLoginTime: second.firstLoginTime });
      if (stage.isReliable) await second.peer.untilClosed('the replaced connection to be closed');
      const stale = await stage.login(alice, { firstLoginTime: again.firstLoginTime - 1000 });
      await kickedOut(stale);
      await again.settled();
      await laptop.settled();
      for (const session of [second, again, laptop]) notKickedOut(session);
    },
  },
  {
    id: 'D3',
    title: 'A session that a policy ends gets kick-out code 1',
    section: '12.7',
    needs: 'log',
    async run(stage) {
      const sessions: Session[] = [];
      const tablet = await stage.login(stage.user('alice'));
      sessions.push(tablet);
      for (let index = 0; index < MANY_DEVICES; index += 1)
        sessions.push(await stage.device(stage.user('alice'), `device-${index}`));
      const ended = await endedOf(stage, sessions.slice(0, -1));
      if (ended.length === 0)
        throw new NotApplicable(
          `no policy ended a session: ${MANY_DEVICES} devices and a v6 client are online`,
        );
      for (const { peer } of ended) {
        const kicks = peer.ofType(PacketType.KickOut);
        const hasCode = kicks.length === 1 && contentOf(kicks[0]?.packet ?? { type: 0 })['code'] === 1;
        if (!hasCode)
          throw new Unmet(
            'one kick-out (type 54) with code 1',
            `${describeFrames(peer.frames)}, then the end`,
          );
      }
    },
  },
  {
    id: 'D4',
    title: 'A user is online until the last session has ended',
    section: '12.7',
    needs: 'log',
    async run(stage) {
      const alice = stage.user('alice');
      const laptop = await stage.device(alice, 'laptop');
      const phone = await stage.login(alice);
      const bob = await stage.login(stage.user('bob'));
      phone.leave();
      await bob.write(alice, 'one session left');
      await laptop.message('one session left');
      laptop.leave();
      await bob.write(alice, 'nobody there');
      const start = laptop.answer;
      const again = await stage.device(alice, 'laptop', {
        position: { e: start?.epoch ?? '', s: laptop.log.covered },
      });
      await again.message('nobody there');
    },
  },
  {
    id: 'D5',
    title: 'Each other negotiated device of the sender gets an echo, a v6 session none',
    section: '12.5',
    needs: 'log',
    async run(stage) {
      const alice = stage.user('alice');
      const laptop = await stage.device(alice, 'laptop');
      const tablet = await stage.device(alice, 'tablet');
      const phone = await stage.login(alice);
      const bob = await stage.login(stage.user('bob'));
      await laptop.write(bob.userId, 'from the laptop');
      const echo = await tablet.message('from the laptop');
      const { from, to } = echo.packet;
      expectThat(
        from === alice && to === bob.userId,
        'an echo from the user to the receiver',
        () => echo.body,
      );
      await phone.write(bob.userId, 'from the phone');
      for (const device of [laptop, tablet]) await device.message('from the phone');
      await phone.settled();
      await laptop.settled();
      const atPhone = phone.peer.ofType(PacketType.Data);
      expectThat(atPhone.length === 0, 'no echo to the v6 session', () => describeFrames(atPhone));
      const atSender = laptop.log.entries.filter(({ content }) => content === 'from the laptop');
      expectThat(atSender.length === 0, 'no echo to the session that sent the message', () =>
        describeFrames(laptop.peer.ofType(PacketType.Data)),
      );
    },
  },
];

/** The sessions that the server has ended. Over UDP only a kick-out tells it. */
async function endedOf(stage: Stage, sessions: readonly Session[]): Promise<Session[]> {
  await sessions.at(-1)?.settled();
  await quiet();
  return sessions.filter(({ peer }) =>
    stage.isReliable ? peer.isClosed : peer.ofType(PacketType.KickOut).length > 0,
  );
}
