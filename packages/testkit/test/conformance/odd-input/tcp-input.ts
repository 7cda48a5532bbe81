import { echoOf, frame } from './bytes.js';
import type { Experiment } from './experiment.js';
import { endOfSilence } from './silence.js';

/** A logged-in user writes these bytes to its TCP connection. */
function tcpBytes(name: string, ...chunks: readonly Buffer[]): Experiment {
  return {
    name: `tcp ${name}`,
    overSockets: true,
    async run(lab) {
      const me = await lab.user('tcp');
      for (const chunk of chunks) me.sendRaw(chunk);
      return await me.outcome();
    },
  };
}

const slowEcho = JSON.stringify({
  bridge: false,
  type: 5,
  dataContent: 'slow 慢',
  from: 'me',
  to: '0',
  QoS: false,
  typeu: -1,
  sm: -1,
});

/** Odd frames on a TCP stream. */
export const tcpExperiments: readonly Experiment[] = [
  tcpBytes(
    'frame split one byte at a time',
    ...[...frame(Buffer.byteLength(slowEcho), slowEcho)].map((byte) => Buffer.from([byte])),
  ),
  tcpBytes(
    'three frames in one segment',
    Buffer.concat(
      ['s1', 's2', 's3'].map((dataContent) => {
        const body = JSON.stringify({ type: 5, dataContent, from: 'me', to: '0' });
        return frame(body.length, body);
      }),
    ),
  ),
  tcpBytes('zero-length frame', frame(0)),
  {
    name: 'tcp zero-length frame before login',
    overSockets: true,
    async run(lab) {
      const client = await lab.connect('tcp');
      client.sendRaw(frame(0));
      return await client.outcome();
    },
  },
  ...[6140, 6144, 6145, 7000].map((bytes) => tcpBytes(`body of ${bytes} bytes`, frame(bytes, echoOf(bytes)))),
  {
    name: 'tcp oversize frame in small pieces',
    overSockets: true,
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendRaw(frame(7000));
      const outcome = await me.outcome();
      return `after the header alone: ${outcome}`;
    },
  },
  tcpBytes('length 0x7fffffff', frame(0x7fffffff, 'x')),
  tcpBytes('length 0xffffffff (negative)', frame(0xffffffff, 'x')),
  tcpBytes('length 0x80000000', frame(0x80000000, 'x')),
  {
    name: 'tcp half a frame, then silence',
    overSockets: true,
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendRaw(frame(100, '{"type":5,"da'));
      return await endOfSilence(lab, me);
    },
  },
  {
    name: 'tcp slow drip keeps the connection alive',
    overSockets: true,
    async run(lab) {
      const me = await lab.user('tcp');
      me.sendRaw(frame(100));
      for (let second = 0; second < 6; second++) {
        me.sendRaw(Buffer.from(' '));
        await lab.pass(1000);
      }
      me.sendRaw(Buffer.from(' '));
      await lab.pass(1100);
      await lab.until(() => me.isClosed, 'the connection of an incomplete frame is closed');
      return 'closed after its read time-out';
    },
  },
  {
    name: 'tcp HTTP request to the TCP port',
    overSockets: true,
    async run(lab) {
      const client = await lab.connect('tcp');
      client.sendRaw(Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'));
      return await client.outcome();
    },
  },
  {
    name: 'tcp never logs in',
    overSockets: true,
    async run(lab) {
      return await endOfSilence(lab, await lab.connect('tcp'));
    },
  },
];
