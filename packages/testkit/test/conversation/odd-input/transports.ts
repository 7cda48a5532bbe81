import net from 'node:net';
import { RawWebSocket, WebSocketOpcode, webSocketFrame } from '../../../src/conversation/raw-websocket.js';
import type { Experiment } from './experiment.js';
import { HOST, type Lab } from './lab.js';
import type { LabClient } from './lab-client.js';

/** A 4-byte header and what stands behind it. */
function frame(length: number, body = ''): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32BE(length);
  return Buffer.concat([header, Buffer.from(body)]);
}

/** The text of an echo that is so many bytes long. */
function echoOf(bytes: number): string {
  const text = JSON.stringify({ type: 5, dataContent: '', from: 'me', to: '0' });
  return text.replace('""', `"${'x'.repeat(bytes - text.length)}"`);
}

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

/** How long until the server ends a silent connection, in virtual time. */
async function endOfSilence(lab: Lab, client: LabClient): Promise<string> {
  await lab.pass(6900);
  if (client.isClosed) return 'closed within 6900 ms';
  await lab.pass(200);
  await lab.until(() => client.isClosed, 'the silent connection is closed');
  return 'closed after its read time-out';
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

const tcpExperiments: readonly Experiment[] = [
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
      await lab.until(() => me.isClosed, 'a frame that drips in keeps no connection alive');
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

/** What the server's HTTP side answers to a text. */
async function httpAnswer(lab: Lab, request: string): Promise<string> {
  const socket = net.connect({ host: HOST, port: lab.ports.websocket });
  const chunks: Buffer[] = [];
  let isClosed = false;
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => {});
  socket.once('close', () => {
    isClosed = true;
    lab.changed();
  });
  socket.write(request);
  await lab.until(() => isClosed, 'the HTTP connection is closed');
  const [status = ''] = Buffer.concat(chunks).toString().split('\r\n');
  return `${status || 'nothing'}; closed`;
}

/** A handshake, and when it is accepted an echo. */
function handshake(name: string, path: string, ...headers: readonly string[]): Experiment {
  return {
    name: `ws ${name}`,
    overSockets: true,
    async run(lab) {
      let echo = '';
      const socket = new RawWebSocket(HOST, lab.ports.websocket, {
        frame(opcode, payload) {
          if (opcode === WebSocketOpcode.Text) echo = payload.toString();
          lab.changed();
        },
        closed() {},
      });
      const { head, isAccepted } = await socket.handshake(path, headers);
      const [status = ''] = head.split('\r\n');
      if (!isAccepted) return `${status || 'closed without an answer'}`;
      const agreed = /sec-websocket-(protocol|extensions)/i.exec(head)?.[0] ?? 'no protocol, no extension';
      const payload = Buffer.from('{"type":5,"dataContent":"e","from":"f","to":"t"}');
      socket.send({ opcode: WebSocketOpcode.Text, payload });
      await lab.until(() => echo !== '', 'the echo comes back');
      socket.destroy();
      return `${status}; ${agreed}; echo answered`;
    },
  };
}

/** A logged-in user writes these WebSocket frames. */
function webSocketFrames(name: string, ...frames: readonly Buffer[]): Experiment {
  return {
    name: `ws ${name}`,
    overSockets: true,
    async run(lab) {
      const me = await lab.user('websocket');
      for (const bytes of frames) me.sendRaw(bytes);
      return await me.outcome();
    },
  };
}

const { Text, Binary, Continuation, Ping, Pong, Close } = WebSocketOpcode;
const goodEcho = Buffer.from('{"type":5,"dataContent":"v","from":"me","to":"0"}');

/** What control frames come back to one that a logged-in client sends. */
function control(name: string, opcode: number, payload: Buffer): Experiment {
  return {
    name: `ws ${name}`,
    overSockets: true,
    async run(lab) {
      const controls: string[] = [];
      let isClosed = false;
      const socket = new RawWebSocket(HOST, lab.ports.websocket, {
        frame(received, body) {
          const text = received === Close ? body.toString('hex') : body.toString();
          controls.push(`${received === Pong ? 'pong' : received === Close ? 'close' : 'text'} ${text}`);
          lab.changed();
        },
        closed() {
          isClosed = true;
          lab.changed();
        },
      });
      await socket.handshake('/websocket');
      socket.send({ opcode, payload });
      await lab.until(() => controls.length > 0, 'an answer comes');
      if (opcode === Close) await lab.until(() => isClosed, 'the connection is closed');
      socket.destroy();
      return `${controls.join(', ')}; ${isClosed ? 'closed' : 'stays open'}`;
    },
  };
}

const webSocketExperiments: readonly Experiment[] = [
  ...[
    '/websocket',
    '/websocket?x=1',
    '/websocket/',
    '/websocket/abc',
    '/websocketX',
    '/',
    '/other',
    '/WEBSOCKET',
  ].map((path) => handshake(`path ${path}`, path)),
  {
    name: 'ws plain GET without upgrade',
    overSockets: true,
    run: (lab) => httpAnswer(lab, 'GET /websocket HTTP/1.1\r\nHost: x\r\n\r\n'),
  },
  {
    name: 'ws plain GET elsewhere',
    overSockets: true,
    run: (lab) => httpAnswer(lab, 'GET /other HTTP/1.1\r\nHost: x\r\n\r\n'),
  },
  handshake('subprotocol offered', '/websocket', 'Sec-WebSocket-Protocol: chat'),
  handshake('permessage-deflate offered', '/websocket', 'Sec-WebSocket-Extensions: permessage-deflate'),
  handshake('Origin header', '/websocket', 'Origin: https://elsewhere.example'),
  webSocketFrames('binary frame', webSocketFrame({ opcode: Binary, payload: goodEcho })),
  control('ping', Ping, Buffer.from('abc')),
  {
    name: 'ws pings alone keep the connection alive',
    overSockets: true,
    async run(lab) {
      const me = await lab.user('websocket');
      for (let second = 0; second < 6; second++) {
        me.sendRaw(webSocketFrame({ opcode: Ping, payload: Buffer.from('abc') }));
        await lab.pass(1000);
      }
      me.sendRaw(webSocketFrame({ opcode: Ping, payload: Buffer.from('abc') }));
      await lab.pass(1100);
      await lab.until(() => me.isClosed, 'pings keep no connection alive');
      return 'closed after its read time-out';
    },
  },
  webSocketFrames('unsolicited pong', webSocketFrame({ opcode: Pong, payload: Buffer.from('x') })),
  control('close frame 1000', Close, Buffer.from([0x03, 0xe8])),
  webSocketFrames(
    'text in two fragments',
    webSocketFrame({ opcode: Text, payload: goodEcho.subarray(0, 20), isFinal: false }),
    webSocketFrame({ opcode: Continuation, payload: goodEcho.subarray(20) }),
  ),
  webSocketFrames('empty text frame', webSocketFrame({ opcode: Text, payload: Buffer.alloc(0) })),
  webSocketFrames(
    'unmasked client frame',
    webSocketFrame({ opcode: Text, payload: goodEcho, isMasked: false }),
  ),
  ...[7000, 60_000, 65_535, 65_536, 65_537, 70_000].map((bytes) =>
    webSocketFrames(
      `text of ${bytes} bytes`,
      webSocketFrame({ opcode: Text, payload: Buffer.from(echoOf(bytes)) }),
    ),
  ),
  webSocketFrames(
    'two fragments of 40000 bytes',
    webSocketFrame({
      opcode: Text,
      payload: Buffer.from(echoOf(80_000)).subarray(0, 40_000),
      isFinal: false,
    }),
    webSocketFrame({ opcode: Continuation, payload: Buffer.from(echoOf(80_000)).subarray(40_000) }),
  ),
  webSocketFrames(
    'invalid UTF-8 text frame',
    webSocketFrame({
      opcode: Text,
      payload: Buffer.concat([
        Buffer.from('{"type":5,"dataContent":"'),
        Buffer.from([0xff]),
        Buffer.from('","from":"me"}'),
      ]),
    }),
  ),
  {
    name: 'ws opened and silent before login',
    overSockets: true,
    async run(lab) {
      return await endOfSilence(lab, await lab.connect('websocket'));
    },
  },
];

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

const udpExperiments: readonly Experiment[] = [
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

/** What can be odd below packets: frames, handshakes, datagrams, silence. */
export const transportExperiments: readonly Experiment[] = [
  ...tcpExperiments,
  ...webSocketExperiments,
  ...udpExperiments,
];
