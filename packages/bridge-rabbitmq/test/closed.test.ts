import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { rabbitmq } from '../src/rabbitmq.js';

describe('A bridge that is closed before it begins', () => {
  it('opens no link any more', async () => {
    const ports: (number | undefined)[] = [];
    const broker = net.createServer((socket) => ports.push(socket.remotePort)).listen(0, '127.0.0.1');
    await once(broker, 'listening');
    const { port } = broker.address() as net.AddressInfo;
    const bridge = rabbitmq({ url: `amqp://127.0.0.1:${port}` });
    await bridge.close();
    const ignore = (): void => {};
    const receive = () => Promise.resolve({ outcome: 'later' } as const);
    await bridge.start({ receive, joined: ignore, away: ignore, troubled: ignore });
    // Links that were opened would be here before the last of these.
    const peers: net.Socket[] = [];
    for (let count = 0; count < 3; count++) {
      const peer = net.connect(port, '127.0.0.1');
      peers.push(peer);
      await Promise.all([once(peer, 'connect'), once(broker, 'connection')]);
    }
    expect(ports).toEqual(peers.map(({ localPort }) => localPort));
    expect(bridge.health.state).toBe('closed');
    for (const peer of peers) peer.destroy();
    broker.close();
  });
});
