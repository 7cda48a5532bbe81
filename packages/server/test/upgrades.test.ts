import http, { type IncomingMessage } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, describe, expect, it } from 'vitest';
import { shareUpgrades } from '../src/transports/upgrades.js';
import { LOOPBACK, until } from './support/sockets.js';

const servers: http.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function open() {
  const server = http.createServer((_request, response) => response.end('home'));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, LOOPBACK, resolve));
  const taken: string[] = [];
  let notTaken = 0;
  const stop = shareUpgrades(server, {
    isOurs: ({ url }) => url === '/im',
    listener: (_request, socket) => {
      taken.push('im');
      socket.end('ours');
    },
    onNotTaken: () => {
      notTaken += 1;
    },
    takeOverMs: 100,
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, taken, stop, notTaken: () => notTaken };
}

/** Asks for an upgrade. Resolves with what was received when the connection is closed. */
function upgrade(port: number, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect(port, LOOPBACK);
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk;
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
  });
}

const NOT_FOUND = 'HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

describe('the upgrades of a shared HTTP server', () => {
  it('are answered with 404 at once if nobody else listens', async () => {
    const { port, notTaken } = await open();
    expect(await upgrade(port, '/nobody')).toBe(NOT_FOUND);
    expect(notTaken()).toBe(1);
  });

  it('are answered with 404 after a moment if no other listener takes them, so that the server can close', async () => {
    const { server, port, notTaken } = await open();
    server.on('upgrade', () => {});
    const answers = await Promise.all(Array.from({ length: 200 }, () => upgrade(port, '/nobody')));
    expect(new Set(answers)).toEqual(new Set([NOT_FOUND]));
    expect(notTaken()).toBe(200);
    await new Promise((resolve) => server.close(resolve));
  });

  const takers: [string, (socket: Duplex) => void][] = [
    ['writes at once', (socket) => void socket.write('theirs')],
    [
      'reads first and writes later',
      (socket) => {
        socket.on('data', () => {});
        setTimeout(() => socket.write('theirs'), 200);
      },
    ],
    [
      'waits for half of the time and then writes',
      (socket) => void setTimeout(() => socket.write('theirs'), 50),
    ],
  ];
  it.each(takers)('are left to a listener that %s', async (_case, take) => {
    const { server, port, notTaken } = await open();
    server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
      take(socket);
      setTimeout(() => socket.end(), 300);
    });
    expect(await upgrade(port, '/theirs')).toBe('theirs');
    expect(notTaken()).toBe(0);
  });

  it('do not end the process if the peer resets a connection that nobody has taken yet', async () => {
    const { server, port } = await open();
    const closed = new Promise<void>((resolve) => {
      server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => void socket.on('close', resolve));
    });
    const socket = net.connect(port, LOOPBACK);
    socket.on('error', () => {});
    socket.write('GET /nobody HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    setTimeout(() => socket.resetAndDestroy(), 30);
    await closed;
  });

  it('on our path reach no listener that destroys what it does not know, whenever it was added', async () => {
    const { server, port, taken } = await open();
    server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => void socket.destroy());
    server.prependListener('upgrade', (_request: IncomingMessage, socket: Duplex) => void socket.destroy());
    const answers = await Promise.all(Array.from({ length: 20 }, () => upgrade(port, '/im')));
    expect(new Set(answers)).toEqual(new Set(['ours']));
    expect(taken).toHaveLength(20);
  });

  it('belong to all listeners again when it ends, also to another one on the same server', async () => {
    const { server, port, stop, taken } = await open();
    const stopOther = shareUpgrades(server, {
      isOurs: ({ url }) => url === '/other',
      listener: (_request, socket) => void socket.end('other'),
      onNotTaken: () => {},
      takeOverMs: 100,
    });
    expect(await upgrade(port, '/other')).toBe('other');
    expect(await upgrade(port, '/im')).toBe('ours');
    stop();
    expect(await upgrade(port, '/im')).toBe(NOT_FOUND);
    stopOther();
    expect(taken).toEqual(['im']);
    server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => void socket.end('theirs'));
    expect(await upgrade(port, '/im')).toBe('theirs');
    await until(() => server.listenerCount('upgrade') === 1);
  });
});
