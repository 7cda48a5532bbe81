import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { ServerTransport } from '../src/ports/transport.js';
import { tcp } from '../src/transports/tcp.js';
import { websocket } from '../src/transports/websocket.js';
import { firstOf, liveServers } from './support/live-server.js';
import { frame, LOOPBACK, quiet } from './support/sockets.js';
import { login } from './support/wire.js';

const start = liveServers();
const host = LOOPBACK;

const UPGRADE = [
  'GET /websocket HTTP/1.1',
  'Host: im.example.com',
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
].join('\r\n');

/** A login in a text frame with a mask of zeros. */
function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([
    Buffer.from([0x81, 0x80 | 126, body.length >> 8, body.length & 0xff, 0, 0, 0, 0]),
    body,
  ]);
}

/**
 * Connects, writes and resets the connection while this process is blocked: for the server it is gone when it is accepted, but
 * can still be read.
 */
function writeAndReset(port: number, bytes: Buffer): void {
  const program = `const socket = require('node:net').connect(${port}, '${host}', () =>
    socket.write(Buffer.from('${bytes.toString('hex')}', 'hex'), () => socket.resetAndDestroy()))`;
  execFileSync(process.execPath, ['-e', program]);
}

describe('a connection that was reset before it was accepted', () => {
  it.each<[string, () => ServerTransport, Buffer]>([
    ['TCP', () => tcp({ host, port: 0 }), frame(login('alice'))],
    [
      'WebSocket',
      () => websocket({ host, port: 0 }),
      Buffer.concat([Buffer.from(`${UPGRADE}\r\n\r\n`), maskedFrame(login('alice'))]),
    ],
  ])(
    'is not read, because it has no address any more that limits apply to: %s',
    async (_name, create, bytes) => {
      const asked: string[] = [];
      const { server, ports } = await start([create()], {
        limits: { maxSessionsPerAddress: 1 },
        trustedProxies: [],
        hooks: {
          authenticate({ userId, remoteAddress }) {
            asked.push(`${userId} from "${remoteAddress}"`);
            return { accept: true };
          },
        },
      });
      for (let i = 0; i < 3; i++) writeAndReset(firstOf(ports), bytes);
      await quiet();
      expect(asked).toEqual([]);
      expect(server.metrics()).toMatchObject({
        sessionsAccepted: 0,
        packetsReceived: 0,
        socketsWithoutLogin: 0,
      });
    },
  );
});
