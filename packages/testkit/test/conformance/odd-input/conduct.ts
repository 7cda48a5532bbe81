import type { TransportKind } from '@imcore/protocol';
import type { Experiment } from './experiment.js';

const SHORT: Readonly<Record<TransportKind, string>> = { tcp: 'tcp', udp: 'udp', websocket: 'ws' };
const ALL: readonly TransportKind[] = ['tcp', 'udp', 'websocket'];

/** Short conversations with all kinds of packets. */
const shapes = ALL.flatMap((transport): Experiment[] => [
  {
    name: `shape ${SHORT[transport]} login+keepalive+c2s+s2c+kick`,
    overSockets: transport === 'websocket',
    async run(lab) {
      const me = await lab.connect(transport);
      me.sendLogin({ loginUserId: 'me', loginToken: 'tok', firstLoginTime: 0 });
      await lab.until(() => me.packets.length === 1, 'the login is answered');
      me.send({ type: 1, dataContent: '{}', from: 'me', to: '0' });
      me.sendMessage('0', 'to server', 'FP-1');
      await lab.until(() => me.packets.length === 3, 'the message is acknowledged');
      await lab.send('me', '<系统> & "x"', { fp: 'S2C-me', type: 9 });
      await lab.send('me', 'plain', { qos: false });
      lab.kick('me');
      await lab.until(() => me.packets.length === 6, 'the kick-out comes');
      if (transport === 'udp') return me.answers.join(', ');
      await lab.until(() => me.isClosed, 'the connection is closed');
      return await me.outcome();
    },
  },
  {
    name: `shape ${SHORT[transport]} refused login`,
    overSockets: transport === 'websocket',
    async run(lab) {
      const me = await lab.connect(transport);
      me.sendLogin({ loginUserId: 'me', loginToken: 'bad', firstLoginTime: 0 });
      await lab.until(() => me.packets.length === 1, 'the login is answered');
      me.send({ type: 1, dataContent: '{}', from: 'x', to: '0' });
      return transport === 'udp' ? await me.came() : await me.outcome();
    },
  },
  {
    name: `shape ${SHORT[transport]} unlogged data`,
    overSockets: transport === 'websocket',
    async run(lab) {
      const ghost = await lab.connect(transport);
      ghost.send({
        type: 2,
        dataContent: 'h<i>',
        from: 'ghost',
        to: 'x',
        fp: 'FP-2',
        QoS: true,
        typeu: -1,
        sm: -1,
      });
      return transport === 'udp' ? await ghost.came() : await ghost.outcome();
    },
  },
]);

/** Forged and wrong fields. */
const trust: readonly Experiment[] = [
  {
    name: 'shape forwarded message (fields kept, added, dropped)',
    async run(lab) {
      const [a, b] = [await lab.user('tcp', 'a'), await lab.user('tcp', 'b')];
      const odd = { typeu: 7, bridge: true, sm: 5, retryCount: 2, more: { x: [1] } };
      a.sendMessage('b', 'extra fields', 'EX-2', odd);
      a.send({ type: 2, to: 'b' });
      a.send({ type: 2, from: null, to: 'b', dataContent: null });
      a.send({ type: 2, dataContent: 'qos without fp', from: 'a', to: 'b', QoS: true });
      await lab.until(() => b.packets.length === 4, 'four messages arrive');
      b.acknowledge('EX-2', 'a');
      const atB = await b.came();
      return `at the receiver: ${atB}; at the sender: ${await a.came()}`;
    },
  },
  {
    name: 'trust spoofed from',
    async run(lab) {
      const [me, victim] = [await lab.user('tcp'), await lab.user('tcp', 'victim')];
      me.sendMessage('victim', 'pay me', 'SPOOF', { from: 'the-boss' });
      const outcome = await me.outcome();
      return `at the victim: ${await victim.came()}; at the sender: ${outcome}`;
    },
  },
  {
    name: 'trust ACK for unknown fp',
    async run(lab) {
      const me = await lab.user('tcp');
      me.acknowledge('NO-SUCH-FP', '0');
      return `${await me.outcome()}; received reported ${lab.count('received', { fp: 'NO-SUCH-FP' })} times`;
    },
  },
  {
    name: 'trust ACK without dataContent',
    async run(lab) {
      const me = await lab.user('tcp');
      me.send({ type: 4, from: 'me', to: '0' });
      return `${await me.outcome()}; received reported ${lab.count('received', { fp: null })} times`;
    },
  },
  {
    name: 'trust third party ACKs a message that was not for it',
    async run(lab) {
      const [addressee, forger] = [await lab.user('tcp', 'addressee'), await lab.user('tcp', 'forger')];
      await lab.send('addressee', 'for your eyes', { fp: 'T-1' });
      await lab.until(() => addressee.packets.length === 1, 'the message arrives');
      forger.acknowledge('T-1', '0');
      await lab.pass(6000, [addressee, forger]);
      return `${addressee.packets.length} copies at the addressee; received reported ${lab.count('received', { fp: 'T-1' })} times`;
    },
  },
];

/** Messages with odd receivers or at odd times. */
const routes: readonly Experiment[] = [
  {
    name: 'route to self',
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendMessage('me', 'me', 'SELF-me');
      await lab.until(() => me.packets.length === 1, 'it comes back');
      me.acknowledge('SELF-me', 'me');
      return await me.came();
    },
  },
  {
    name: 'route message without to',
    async run(lab) {
      const me = await lab.user('tcp');
      me.send({ type: 2, dataContent: 'x', from: 'me', fp: 'NOTO', QoS: true, typeu: -1, sm: -1 });
      return await me.outcome();
    },
  },
  {
    name: 'route to null',
    async run(lab) {
      const me = await lab.user('tcp');
      me.send({
        type: 2,
        dataContent: 'x',
        from: 'me',
        to: null,
        fp: 'NULLTO',
        QoS: true,
        typeu: -1,
        sm: -1,
      });
      return await me.outcome();
    },
  },
  {
    name: 'route denied by the Before callback',
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendMessage('0', 'DENY this', 'D1');
      me.sendMessage('x', 'DENY that', 'D2');
      return await me.outcome();
    },
  },
  {
    name: 'route after logout on the same connection',
    async run(lab) {
      const me = await lab.user('tcp');
      me.send({ type: 3, from: 'me', to: '0' });
      me.sendMessage('0', 'late', 'L');
      return await me.outcome();
    },
  },
  {
    name: 'route udp data after logout from the same port',
    async run(lab) {
      const me = await lab.user('udp');
      me.send({ type: 3, from: 'me', to: '0' });
      me.sendMessage('0', 'late', 'L');
      me.userId = undefined;
      return await me.came();
    },
  },
  {
    name: 'route unlogged logout',
    async run(lab) {
      const me = await lab.connect('tcp');
      me.send({ type: 3, from: 'me', to: '0' });
      return await me.outcome();
    },
  },
  ...ALL.map(
    (transport): Experiment => ({
      name: `route echo ${SHORT[transport]} before login`,
      overSockets: transport === 'websocket',
      async run(lab) {
        const me = await lab.connect(transport);
        me.send({ type: 5, dataContent: 'e', from: 'f', to: 't', fp: 'keep', QoS: true, typeu: 3 });
        return transport === 'udp' ? await me.came() : await me.outcome();
      },
    }),
  ),
  {
    name: 'route keepalive answer goes where the user is, not where it came from',
    async run(lab) {
      const old = await lab.connect('tcp');
      await old.login('moved', { firstLoginTime: 1_700_000_000_000 });
      const replacement = await lab.connect('tcp');
      await replacement.login('moved', { firstLoginTime: 1_700_000_000_000 });
      const atOld = await old.state();
      return `at the old session: ${atOld}; at the new one: ${await replacement.came()}`;
    },
  },
  {
    name: 's2c to somebody offline',
    async run(lab) {
      await lab.send('nobody-here', 'x', { fp: 'S2C-OFF' });
      return `sent: ${lab.count('s2c-sent', { fp: 'S2C-OFF', ok: true }) === 1}`;
    },
  },
  {
    name: 's2c to "0"',
    async run(lab) {
      await lab.send('0', 'x', { fp: 'S2C-ZERO' });
      return `sent: ${lab.count('s2c-sent', { fp: 'S2C-ZERO', ok: true }) === 1}`;
    },
  },
  {
    name: 'qos forwarded message not acked by a raw receiver',
    async run(lab) {
      const [a, b] = [await lab.user('tcp', 'a'), await lab.user('tcp', 'b')];
      a.sendMessage('b', 'unacked', 'UNACKED');
      await lab.pass(12_000, [a, b]);
      const lost = lab.callbacks.some(
        ({ ev, fps }) => ev === 'lost' && Array.isArray(fps) && fps.includes('UNACKED'),
      );
      return `${b.packets.length} copies at the receiver; at the sender: ${await a.came()}; reported lost: ${lost}`;
    },
  },
  {
    name: 'udp oversize to a TCP reader',
    async run(lab) {
      const [a, b] = [await lab.user('tcp', 'a'), await lab.user('udp', 'b')];
      a.sendMessage('b', 'y'.repeat(5000), 'BIG');
      const atB = await b.came();
      return `at the UDP receiver: ${atB}; at the sender: ${await a.came()}; passed to the application ${lab.count('unhandled', { fp: 'BIG' })} times`;
    },
  },
  {
    name: 'udp same user from a new port without login',
    async run(lab) {
      const [old, fresh] = [await lab.user('udp'), await lab.connect('udp')];
      fresh.send({ type: 1, dataContent: '{}', from: 'me', to: '0', QoS: false, typeu: -1, sm: -1 });
      return `at the new port: ${await fresh.came()}; at the old port: ${await old.came()}`;
    },
  },
  {
    name: 'udp kicked channel stays usable',
    async run(lab) {
      const me = await lab.user('udp');
      lab.kick('me');
      await lab.until(() => me.packets.length === 1, 'the kick-out comes');
      me.sendMessage('0', 'I am still here', 'K');
      me.userId = undefined;
      return `${await me.came()}; online: ${lab.server.isOnline('me')}`;
    },
  },
];

/** Valid packets that a client should not send. */
export const conductExperiments: readonly Experiment[] = [...shapes, ...trust, ...routes];
