import net from 'node:net';
import { RawWebSocket, WebSocketOpcode, webSocketFrame } from '../../../src/conformance/raw-websocket.js';
import { echoOf, goodEcho } from './bytes.js';
import type { Experiment } from './experiment.js';
import { HOST, type Lab } from './lab.js';
import { endOfSilence } from './silence.js';

/** The server's answer to an HTTP request. */
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

/** A handshake, followed by an echo when it is accepted. */
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

/** The frames that answer a control frame of a logged-in client. */
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
      await lab.until(() => controls.length > 0, 'an answer arrives');
      if (opcode === Close) await lab.until(() => isClosed, 'the connection is closed');
      socket.destroy();
      return `${controls.join(', ')}; ${isClosed ? 'closed' : 'stays open'}`;
    },
  };
}

/** Odd handshakes and WebSocket frames. */
export const webSocketExperiments: readonly Experiment[] = [
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
      await lab.until(() => me.isClosed, 'a connection that carries only pings is closed');
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
