import type { TransportKind } from '@imcore/protocol';
import type { Experiment } from './experiment.js';
import type { Lab } from './lab.js';

const BIG = '9007199254740993';

/** Sends a body with one byte per character over TCP, and returns the outcome. */
async function outcomeOf(lab: Lab, body: string): Promise<string> {
  const me = await lab.user('tcp');
  me.sendRaw(framed(body, 'tcp'));
  return await me.outcome();
}

/** The bytes of a frame whose body has one byte per character. */
function framed(body: string, transport: TransportKind): Buffer {
  const bytes = Buffer.from(body, 'latin1');
  if (transport === 'udp') return bytes;
  const header = Buffer.alloc(4);
  header.writeUInt32BE(bytes.length);
  return Buffer.concat([header, bytes]);
}

const numbers: readonly Experiment[] = [
  {
    name: 'numbers echo with ids, fingerprint and content of 16 to 20 digits',
    run: (lab) =>
      outcomeOf(lab, `{"type":5,"dataContent":1e3,"from":${BIG},"to":1.0,"fp":12345678901234567890}`),
  },
  {
    name: 'numbers login with user ids of 19 digits that differ in the last',
    async run(lab) {
      const outcomes: string[] = [];
      for (const userId of ['1234567890123456788', '1234567890123456789']) {
        const client = await lab.connect('tcp');
        client.send({ type: 0, dataContent: `{"loginUserId":${userId}}`, from: userId, to: '0' });
        outcomes.push(await client.outcome());
      }
      return outcomes.join('; ');
    },
  },
  {
    name: 'numbers message to a user id of 16 digits',
    async run(lab) {
      const [me, other] = [await lab.user('tcp'), await lab.user('tcp', BIG)];
      me.send(`{"type":2,"dataContent":"x","from":"me","to":${BIG},"fp":7.0,"QoS":true}`);
      return `at the receiver: ${await other.came()}; at the sender: ${await me.came()}`;
    },
  },
];

const notUnicode: readonly Experiment[] = [
  ...(['from', 'to', 'fp'] as const).map(
    (field): Experiment => ({
      name: `unicode byte FF in ${field}`,
      run: (lab) => outcomeOf(lab, `{"type":5,"dataContent":"v","${field}":"a\xff"}`),
    }),
  ),
  {
    name: 'unicode lone surrogate in fp',
    run: (lab) => outcomeOf(lab, '{"type":5,"dataContent":"v","fp":"a\\ud800"}'),
  },
  ...(['tcp', 'udp'] as const).map(
    (transport): Experiment => ({
      name: `unicode login ${transport} with byte FF in its user id`,
      async run(lab) {
        const client = await lab.connect(transport);
        const body = '{"type":0,"dataContent":"{\\"loginUserId\\":\\"a\xff\\"}","from":"a","to":"0"}';
        client.sendRaw(framed(body, transport));
        return `${await client.came()}; online: ${lab.server.isOnline('a\ufffd')}`;
      },
    }),
  ),
];

/** Ids and content that a reader could turn into those of somebody else. */
export const identityExperiments: readonly Experiment[] = [...numbers, ...notUnicode];
