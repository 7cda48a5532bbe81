import net from 'node:net';
import { PacketType, type TransportKind } from '@imcore/protocol';
import type { Experiment } from './experiment.js';
import { HOST, type Lab } from './lab.js';

const SHORT: Readonly<Record<TransportKind, string>> = { tcp: 'tcp', udp: 'udp', websocket: 'ws' };
const ALL: readonly TransportKind[] = ['tcp', 'udp', 'websocket'];

/** Reserved and invalid ids. */
const reservedIds: readonly Experiment[] = [
  ...(['0', '-1'] as const).flatMap((userId) =>
    ALL.map(
      (transport): Experiment => ({
        name: `ids login ${SHORT[transport]} as "${userId}"`,
        async run(lab) {
          const client = await lab.connect(transport);
          client.sendLogin({ loginUserId: userId, loginToken: 'tok', firstLoginTime: 0 }, userId);
          const came = transport === 'udp' ? await client.came() : await client.outcome();
          return `${came}; online: ${lab.server.isOnline(userId)}`;
        },
      }),
    ),
  ),
  {
    name: 'ids login with 257 characters',
    async run(lab) {
      const client = await lab.connect('tcp');
      client.send({
        type: 0,
        dataContent: JSON.stringify({ loginUserId: 'x'.repeat(257) }),
        from: 'x',
        to: '0',
      });
      return await client.outcome();
    },
  },
  {
    name: 'ids message to "-1"',
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendMessage('-1', 'to nobody', 'TO-UNSET');
      return `${await me.outcome()}; passed to the application ${lab.count('unhandled', { fp: 'TO-UNSET' })} times`;
    },
  },
  {
    name: 'ids message from "-1"',
    async run(lab) {
      const [me, other] = [await lab.user('tcp'), await lab.user('tcp', 'other')];
      me.sendMessage('other', 'from unset', 'FROM-UNSET', { from: '-1' });
      const outcome = await me.outcome();
      return `at the receiver: ${await other.came()}; at the sender: ${outcome}`;
    },
  },
  {
    name: 'ids message from "0"',
    async run(lab) {
      const [me, other] = [await lab.user('tcp'), await lab.user('tcp', 'other')];
      me.sendMessage('other', 'from the server', 'FROM-SERVER', { from: '0' });
      const outcome = await me.outcome();
      return `at the receiver: ${await other.came()}; at the sender: ${outcome}`;
    },
  },
  {
    name: 'ids message to "__proto__"',
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendMessage('__proto__', 'x', 'PROTO');
      return `${await me.outcome()}; passed to the application ${lab.count('unhandled', { fp: 'PROTO' })} times`;
    },
  },
  {
    name: 'ids fingerprint of 257 characters',
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendMessage('0', 'x', 'f'.repeat(257));
      return await me.outcome();
    },
  },
];

const forgeries: readonly Experiment[] = [
  {
    name: 'trust acknowledgement in the addressee’s name',
    async run(lab) {
      const [addressee, forger] = [await lab.user('tcp', 'addressee'), await lab.user('tcp', 'forger')];
      await lab.send('addressee', 'for your eyes', { fp: 'T-2' });
      await lab.until(() => addressee.packets.length === 1, 'the message arrives');
      forger.send({ type: 4, dataContent: 'T-2', from: 'addressee', to: '0' });
      const came = await forger.came();
      await lab.pass(6000, [addressee, forger]);
      return `at the forger: ${came}; ${addressee.packets.length} copies at the addressee; received reported ${lab.count('received', { fp: 'T-2' })} times`;
    },
  },
  {
    name: 'trust the same fingerprint from two users',
    async run(lab) {
      const [a, b] = [await lab.user('tcp', 'a'), await lab.user('tcp', 'b')];
      a.sendMessage('0', 'from a', 'SAME');
      b.sendMessage('0', 'from b', 'SAME');
      await lab.until(() => a.packets.length + b.packets.length === 2, 'both are acknowledged');
      return `received ${lab.count('c2s', { fp: 'SAME' })} times; at a: ${await a.came()}; at b: ${await b.came()}`;
    },
  },
];

const beforeLogin: readonly Experiment[] = ALL.flatMap((transport) =>
  [PacketType.KeepAlive, PacketType.Data, PacketType.Acknowledgement].map(
    (type): Experiment => ({
      name: `unlogged ${SHORT[transport]} type ${type}`,
      async run(lab) {
        const ghost = await lab.connect(transport);
        ghost.send({
          bridge: false,
          type,
          dataContent: 'x',
          from: 'ghost',
          to: '0',
          QoS: false,
          typeu: -1,
          sm: -1,
        });
        return await ghost.outcome();
      },
    }),
  ),
);

/** Datagrams that an attacker could send with a forged address. */
const STRANGERS_DATAGRAMS: readonly string[] = [
  '',
  'x',
  '{}',
  '{"type":1}',
  '{"type":2}',
  '{"type":3}',
  '{"type":4}',
  '{"type":5}',
  '{"type":50}',
  '{"type":99}',
  '{"type":2,"dataContent":"hello","from":"a","to":"b","fp":"x","QoS":true}',
  '{"type":0,"dataContent":"{}"}',
  '{"type":0,"dataContent":"{\\"loginUserId\\":\\"a\\",\\"loginToken\\":\\"bad\\"}"}',
  `{"type":5,"dataContent":"${'<'.repeat(300)}"}`,
  `{"type":5,"dataContent":"${'\u2028'.repeat(200)}"}`,
];

const amplification: readonly Experiment[] = [
  {
    name: 'udp stranger’s datagram of 10 bytes',
    overSockets: true,
    async run(lab) {
      const ghost = await lab.connect('udp');
      ghost.send('{"type":1}');
      return await ghost.came();
    },
  },
  {
    name: 'udp whatever a stranger sends',
    overSockets: true,
    async run(lab) {
      for (const datagram of STRANGERS_DATAGRAMS) {
        const ghost = await lab.connect('udp');
        for (let copy = 0; copy < 3; copy++) ghost.send(datagram);
        await ghost.state();
        ghost.checkAmplification();
      }
      return 'never more than three times the bytes';
    },
  },
];

/** A TCP client that logs in and never reads. */
function connectDeaf(lab: Lab, userId: string): net.Socket {
  const socket = net.connect({ host: HOST, port: lab.ports.tcp });
  socket.on('error', () => {});
  socket.pause();
  const body = JSON.stringify({
    type: 0,
    dataContent: JSON.stringify({ loginUserId: userId }),
    from: userId,
    to: '0',
  });
  const header = Buffer.alloc(4);
  header.writeUInt32BE(body.length);
  socket.write(Buffer.concat([header, Buffer.from(body)]));
  return socket;
}

const FINGERPRINTS = 100_000;
const FINGERPRINTS_A_SECOND = 10_000;

const load: readonly Experiment[] = [
  {
    name: 'load 100 000 fingerprints of one user',
    async run(lab) {
      const me = await lab.user('tcp');
      for (let sent = 0; sent < FINGERPRINTS; sent += FINGERPRINTS_A_SECOND) {
        for (let index = sent; index < sent + FINGERPRINTS_A_SECOND; index++)
          me.sendMessage('0', 'm', `F-${index}`);
        await lab.pass(1000, [me]);
      }
      const acknowledged = me.packets.length;
      const { limitRemembered = 0 } = lab.server.metrics();
      me.sendMessage('0', 'm', `F-${FINGERPRINTS - 1}`);
      me.sendMessage('0', 'm', 'F-0');
      await lab.until(() => me.packets.length === acknowledged + 2, 'both repeats are acknowledged');
      const received = lab.count('c2s', { from: 'me' });
      return `${acknowledged} acknowledged; forgotten early: ${limitRemembered > 0}; of two repeats the oldest is received again: ${received === FINGERPRINTS + 1}; ${await me.state()}`;
    },
  },
  {
    name: 'load a peer that never reads',
    overSockets: true,
    inRealTime: true,
    limits: { stallTimeoutMs: 300 },
    async run(lab) {
      const deaf = connectDeaf(lab, 'deaf');
      await lab.until(() => lab.server.isOnline('deaf'), 'the peer logs in');
      const me = await lab.user('tcp');
      const content = 'z'.repeat(5000);
      for (let sent = 0; sent < 6000; sent++)
        me.send({ type: 2, dataContent: content, from: 'me', to: 'deaf', QoS: false, typeu: -1, sm: -1 });
      await lab.until(() => !lab.server.isOnline('deaf'), 'the peer is ended');
      const { limitStalled = 0, limitBufferedBytes = 0 } = lab.server.metrics();
      deaf.destroy();
      return `ended by a limit: ${limitStalled + limitBufferedBytes === 1}; the sender: ${await me.state()}`;
    },
  },
  {
    name: 'load 60 000 nested arrays',
    overSockets: true,
    async run(lab) {
      const me = await lab.user('websocket');
      me.send('['.repeat(60_000));
      return await me.outcome();
    },
  },
  {
    name: 'load 50 000 packets in one instant over tcp',
    async run(lab) {
      const me = await lab.user('tcp');
      for (let sent = 0; sent < 50_000; sent++) me.send('{"type":99}');
      const before = lab.server.metrics()['limitPackets'] ?? 0;
      await lab.pass(3000, [me]);
      return `limited: ${(lab.server.metrics()['limitPackets'] ?? 0) > before}; ${await me.state()}`;
    },
  },
  {
    name: 'load 50 000 packets in one instant over udp',
    async run(lab) {
      const me = await lab.user('udp');
      for (let sent = 0; sent < 50_000; sent++) me.send('{"type":99}');
      await lab.clock.advanceAsync(1000);
      return `limited: ${(lab.server.metrics()['limitPackets'] ?? 0) > 0}; ${await me.state()}`;
    },
  },
  {
    name: 'load more unacknowledged messages than allowed',
    limits: { maxUnacknowledged: 100 },
    async run(lab) {
      const [me, silent] = [await lab.user('tcp'), await lab.user('tcp', 'silent')];
      for (let sent = 0; sent < 150; sent++) me.sendMessage('silent', 'm', `U-${sent}`);
      await silent.state();
      return `${silent.packets.length} at the receiver; ${await me.outcome()}`;
    },
  },
];

/** Experiments that were not made with the original server. */
export const beyondExperiments: readonly Experiment[] = [
  ...reservedIds,
  ...forgeries,
  ...beforeLogin,
  ...amplification,
  ...load,
];
