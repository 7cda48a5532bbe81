/**
 * An application answers packets of type 6, a type of its own, with type 56; packets of type 7 stay unknown. The seam is the
 * option `handlers`.
 */
import { tcp as connectTcp } from '@imcore/client/node';
import { dataPacket, decodePacket, encodePacket, loginPacket, type Packet } from '@imcore/protocol';
import { createServer, type PacketHandler, tcp } from '@imcore/server';
import { expect, it } from 'vitest';

const upperCase: PacketHandler = {
  allowed: 'logged-in',
  isWork: false,
  handle(session, { dataContent: content = '' }) {
    const { userId } = session.info;
    const answer = { from: '0', to: userId, content: content.toUpperCase(), fingerprint: undefined };
    session.sendPacket({ ...dataPacket(answer), type: 56 });
  },
};

it('handles a packet type of its own', async () => {
  const server = createServer({
    transports: [tcp({ host: '127.0.0.1', port: 0 })],
    handlers: { 6: upperCase },
  });
  const [address] = await server.listen();
  const rejected: object[] = [];
  server.on('rejected', (event) => rejected.push(event));
  const received: Packet[] = [];
  const answered = new Promise<void>((resolve) => {
    const link = connectTcp({ host: '127.0.0.1', port: address?.port }).connect({
      opened() {
        const send = (packet: Packet) => link.send(encodePacket(packet));
        const message = { from: 'alice', to: 'bob', content: 'hello', fingerprint: 'fp-1' };
        send(loginPacket({ userId: 'alice', token: undefined, extra: undefined, firstLoginTime: 0 }));
        for (let copy = 0; copy < 3; copy++) send({ ...dataPacket(message), type: 7 });
        send({ ...dataPacket({ ...message, fingerprint: undefined }), type: 6 });
      },
      received(text) {
        if (received.push(decodePacket(text)) < 2) return;
        link.close();
        resolve();
      },
      closed() {},
    });
  });
  await answered;
  expect(received).toMatchObject([{ type: 50 }, { type: 56, to: 'alice', dataContent: 'HELLO' }]);
  expect(rejected).toMatchObject([{ reason: 'unknown-type', type: 7, to: 'bob', fingerprint: 'fp-1' }]);
  expect(server.metrics()['unknownTypes']).toBe(3);
  await server.close();
});
