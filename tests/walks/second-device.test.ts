/**
 * A user's phone and desktop are online together, and another login of the phone takes the place of the phone's session
 * alone. The seam is the hook `authenticate`: its verdict names the device.
 */
import { createClient, type ImClient } from '@imcore/client/node';
import { createServer, tcp } from '@imcore/server';
import { expect, it } from 'vitest';

it('keeps two devices of a user online', async () => {
  const server = createServer({
    transports: [tcp({ host: '127.0.0.1', port: 0 })],
    hooks: { authenticate: ({ extra }) => ({ accept: true, deviceId: extra }) },
  });
  const [address] = await server.listen();
  const seen: string[] = [];
  server.on('online', ({ userId }) => seen.push(`${userId} is online`));
  server.on('offline', ({ userId }) => seen.push(`${userId} is offline`));
  server.on('sessionStarted', ({ session }) => seen.push(`${session.deviceId} started`));
  server.on('sessionEnded', ({ session, reason }) => seen.push(`${session.deviceId} ended: ${reason}`));
  server.on('rejected', ({ reason }) => seen.push(reason));
  const clients: ImClient[] = [];
  const login = async (userId: string, deviceId: string) => {
    const client = createClient({ url: `tcp://127.0.0.1:${address?.port}` });
    clients.push(client);
    await client.login({ userId, extra: deviceId });
    return { client, messages: client.messages() };
  };
  const contentOf = async ({ messages }: Awaited<ReturnType<typeof login>>) => {
    const { value } = await messages.next();
    value?.acknowledge();
    return value?.content;
  };

  const alice = await login('alice', 'laptop');
  const phone = await login('bob', 'phone');
  const desktop = await login('bob', 'desktop');
  const both = Promise.all([contentOf(phone), contentOf(desktop)]);
  await alice.client.send({ to: 'bob', content: 'hello' });
  expect(await both).toEqual(['hello', 'hello']);
  const answer = contentOf(alice);
  await desktop.client.send({ to: 'alice', content: 'from the desktop' });
  expect(await answer).toBe('from the desktop');

  const kicked = new Promise((resolve) => phone.client.on('kicked', resolve));
  await login('bob', 'phone');
  await kicked;
  expect(server.sessions('bob').map(({ deviceId }) => deviceId)).toEqual(['phone', 'desktop']);
  await server.close();
  await Promise.all(clients.map((client) => client.close()));
  expect(seen).toEqual([
    ...['alice is online', 'laptop started', 'bob is online', 'phone started', 'desktop started'],
    ...['phone ended: replaced', 'phone started'],
    ...['laptop ended: closed', 'alice is offline'],
    ...['desktop ended: closed', 'phone ended: closed', 'bob is offline'],
  ]);
});
