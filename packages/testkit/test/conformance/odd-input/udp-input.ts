import { echoOf, frame, goodEcho } from './bytes.js';
import type { Experiment } from './experiment.js';

/** A logged-in user sends a datagram of these bytes. */
function datagram(name: string, bytes: Buffer): Experiment {
  return {
    name: `udp ${name}`,
    overSockets: true,
    async run(lab) {
      const me = await lab.user('udp');
      me.sendRaw(bytes);
      return await me.outcome();
    },
  };
}

/** Odd datagrams. */
export const udpExperiments: readonly Experiment[] = [
  datagram('empty datagram', Buffer.alloc(0)),
  {
    name: 'udp first datagram is garbage',
    overSockets: true,
    async run(lab) {
      const client = await lab.connect('udp');
      client.sendRaw(Buffer.from('garbage'));
      client.sendLogin({ loginUserId: 'me', loginToken: 'tok', firstLoginTime: 0 });
      await lab.until(() => client.packets.length > 0, 'the login is answered');
      return client.answers.join(', ');
    },
  },
  ...[1400, 2047, 2048, 2049, 4000].map((bytes) =>
    datagram(`datagram of ${bytes} bytes`, Buffer.from(echoOf(bytes))),
  ),
  datagram('framed like TCP (4-byte header)', frame(goodEcho.length, goodEcho.toString())),
];
