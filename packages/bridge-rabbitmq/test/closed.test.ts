import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { createBroker } from './support/broker.js';

describe('A bridge that is closed before it starts', () => {
  it('opens no link any more', async () => {
    const ports: (number | undefined)[] = [];
    const listener = net.createServer((socket) => ports.push(socket.remotePort)).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as net.AddressInfo;
    const broker = createBroker({ url: `amqp://127.0.0.1:${port}` });
    await broker.close();
    const ignore = (): void => {};
    const receive = () => Promise.resolve({ outcome: 'later' } as const);
    await broker.start({ receive, onJoined: ignore, onAway: ignore, onError: ignore });
    // Links that were opened would be here before the last of these.
    const peers: net.Socket[] = [];
    for (let count = 0; count < 3; count++) {
      const peer = net.connect(port, '127.0.0.1');
      peers.push(peer);
      await Promise.all([once(peer, 'connect'), once(listener, 'connection')]);
    }
    expect(ports).toEqual(peers.map(({ localPort }) => localPort));
    expect(broker.health.state).toBe('closed');
    for (const peer of peers) peer.destroy();
    listener.close();
  });
});
