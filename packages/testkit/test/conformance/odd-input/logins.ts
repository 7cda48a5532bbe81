import type { TransportKind } from '@imcore/protocol';
import type { Experiment } from './experiment.js';

const SHORT: Readonly<Record<TransportKind, string>> = { tcp: 'tcp', udp: 'udp', websocket: 'ws' };
const ALL: readonly TransportKind[] = ['tcp', 'udp', 'websocket'];

/** Odd contents of a login packet: the text of its `dataContent`. */
const CONTENTS: readonly (readonly [
  what: string,
  content: string | null,
  transports: readonly TransportKind[],
])[] = [
  ['no user id', '{"loginToken":"tok","firstLoginTime":0}', ALL],
  ['empty user id', '{"loginUserId":"","loginToken":"tok","firstLoginTime":0}', ['tcp']],
  ['no token', '{"loginUserId":"notoken","firstLoginTime":0}', ['tcp']],
  ['user id a number', '{"loginUserId":12,"loginToken":"t","firstLoginTime":0}', ['tcp']],
  ['user id "0"', '{"loginUserId":"0","loginToken":"t","firstLoginTime":0}', ['tcp']],
  ['dataContent null', null, ALL],
  ['dataContent not JSON', 'not JSON', ['tcp']],
  ['unknown fields', '{"loginUserId":"unk","loginToken":"t","firstLoginTime":0,"more":[1]}', ['tcp']],
  ['firstLoginTime negative', '{"loginUserId":"neg","loginToken":"t","firstLoginTime":-5}', ['tcp']],
  [
    'firstLoginTime in the future',
    '{"loginUserId":"fut","loginToken":"t","firstLoginTime":9999999999999}',
    ['tcp'],
  ],
  [
    'firstLoginTime as string',
    '{"loginUserId":"fls","loginToken":"t","firstLoginTime":"1700000000000"}',
    ['tcp'],
  ],
  ['old name loginName', '{"loginName":"old","loginPsw":"t"}', ['tcp']],
  ['from differs from loginUserId', '{"loginUserId":"realme","loginToken":"t","firstLoginTime":0}', ['tcp']],
];

/** Odd logins. */
export const loginExperiments: readonly Experiment[] = [
  ...CONTENTS.flatMap(([what, dataContent, transports]) =>
    transports.map(
      (transport): Experiment => ({
        name: `login ${SHORT[transport]} ${what}`,
        overSockets: transport === 'websocket',
        async run(lab) {
          const client = await lab.connect(transport);
          client.send({ type: 0, dataContent, from: 'somebody', to: '0' });
          return transport === 'udp' ? await client.came() : await client.outcome();
        },
      }),
    ),
  ),
  ...ALL.map(
    (transport): Experiment => ({
      name: `login ${SHORT[transport]} twice, other user id on the same connection`,
      async run(lab) {
        const client = await lab.user(transport, 'first');
        client.sendLogin({ loginUserId: 'second', loginToken: 'bad', firstLoginTime: 0 }, 'second');
        const outcome = await client.outcome();
        const online = ['first', 'second'].filter((userId) => lab.server.isOnline(userId));
        return `${outcome}; online: ${online.join() || 'neither'}; verifier asked ${lab.count('verify', { user: 'second' })} times for the second`;
      },
    }),
  ),
  ...ALL.map(
    (transport): Experiment => ({
      name: `login ${SHORT[transport]} again, same user, same connection`,
      overSockets: transport === 'websocket',
      async run(lab) {
        const client = await lab.user(transport);
        client.sendLogin({ loginUserId: 'me', loginToken: 'tok', firstLoginTime: 0 });
        return transport === 'udp' ? await client.came() : await client.outcome();
      },
    }),
  ),
];
