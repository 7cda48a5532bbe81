import { PacketType } from '@imcore/protocol';
import type { Case } from '../case.js';
import { expectThat, NotApplicable } from '../outcome.js';
import { describeFrames } from '../wire.js';

/** Requirements of v6 on messages. */
export const MESSAGE_CASES: readonly Case[] = [
  {
    id: 'V10',
    title: 'A QoS message to the server is acknowledged, a repetition again',
    section: '7, 8',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      const fp = stage.fingerprint();
      for (let copy = 0; copy < 2; copy += 1) {
        const { body, packet } = await alice.write('0', 'to the server', { fp });
        const isPlain = packet.QoS === false && packet.fp === undefined;
        const isAddressed = packet.from === '0' && packet.to === alice.userId;
        expectThat(
          isPlain && isAddressed,
          'an acknowledgement from "0" to the sender, without QoS and fp',
          () => body,
        );
      }
    },
  },
  {
    id: 'V11',
    title: 'A QoS message is forwarded with its fields, and acknowledged to its sender',
    section: '7, 8',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      const bob = await stage.login(stage.user('bob'));
      const fp = stage.fingerprint();
      const content = 'Grüße, 你好 "<&>=\u2028';
      const message = { from: alice.userId, to: bob.userId, dataContent: content, fp, QoS: true, typeu: 44 };
      alice.send({ type: PacketType.Data, ...message });
      const { body, packet } = await bob.message(content);
      for (const [name, value] of Object.entries(message))
        expectThat(
          packet[name as keyof typeof packet] === value,
          `${name} ${JSON.stringify(value)}`,
          () => body,
        );
      const acknowledged = await alice.peer.untilFrame(
        'an acknowledgement (type 4) after the receiver has acknowledged',
        (frame) => frame.packet.type === PacketType.Acknowledgement && frame.packet.dataContent === fp,
      );
      const { from, to } = acknowledged.packet;
      expectThat(
        from === bob.userId && to === alice.userId,
        'one from the receiver to the sender',
        () => acknowledged.body,
      );
    },
  },
  {
    id: 'V12',
    title: 'A message without QoS is forwarded, and not acknowledged',
    section: '7',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      const bob = await stage.login(stage.user('bob'));
      const send = (): void =>
        alice.send({ type: PacketType.Data, to: bob.userId, dataContent: 'no receipt', QoS: false });
      send();
      await bob.message('no receipt');
      await alice.settled();
      const receipts = alice.peer.ofType(PacketType.Acknowledgement);
      expectThat(receipts.length === 0, 'no acknowledgement', () => describeFrames(receipts));
    },
  },
  {
    id: 'V13',
    title: 'A repeated message to a user is acknowledged again',
    section: '8',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      const bob = await stage.login(stage.user('bob'));
      const fp = stage.fingerprint();
      for (let copy = 0; copy < 2; copy += 1) await alice.write(bob.userId, 'twice', { fp });
    },
  },
  {
    id: 'V14',
    title: 'A repeated message to a user is not forwarded again',
    section: '11, 13',
    needs: 'v6',
    async run(stage, offersLog) {
      if (!offersLog)
        throw new NotApplicable(
          'v6 servers may forward each repetition: the receiver’s client suppresses it',
        );
      const alice = await stage.login(stage.user('alice'));
      const bob = await stage.login(stage.user('bob'));
      const fp = stage.fingerprint();
      for (let copy = 0; copy < 2; copy += 1) await alice.write(bob.userId, 'twice', { fp });
      await bob.settled();
      const copies = bob.peer.ofType(PacketType.Data);
      expectThat(copies.length === 1, 'one copy', () => describeFrames(copies));
    },
  },
  {
    id: 'V15',
    title: 'Field order, white space, unknown fields and JSON types do not matter',
    section: '2',
    needs: 'v6',
    async run(stage) {
      const alice = await stage.login(stage.user('alice'));
      const bob = await stage.login(stage.user('bob'));
      const fp = stage.fingerprint();
      const [from, to] = [JSON.stringify(alice.userId), JSON.stringify(bob.userId)];
      alice.peer.sendText(
        `{ "sm": "-1", "fp": "${fp}", "QoS": "true", "to": ${to}, "retryCount": 1, "dataContent": "odd",\n "from": ${from}, "type": "2" }`,
      );
      const { body, packet } = await bob.message('odd');
      expectThat(
        packet.QoS === true && packet.fp === fp && packet.from === alice.userId,
        'the same message with QoS, fp and from',
        () => body,
      );
    },
  },
];
