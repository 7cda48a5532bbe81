/**
 * Messages to `team` go to each of its members, in the sender's name. The seam is the option `routes`: a `Route` that takes
 * such messages, and brings others in with `host.dispatch`.
 */
import { createClient } from '@imcore/client/node';
import { createServer, type Route, type RouteHost, tcp } from '@imcore/server';
import type { Origin } from '@imcore/server/ports';
import { expect, it } from 'vitest';

function group(name: string, members: readonly string[]): Route {
  let host: RouteHost;
  return {
    name,
    init(routeHost) {
      host = routeHost;
    },
    take(delivery, _receiver, _now, reason) {
      const receivers = members.filter((member) => member !== delivery.from);
      if (delivery.to !== name || receivers.length === 0) return reason;
      let open = receivers.length;
      const settled = () => {
        open -= 1;
        if (open === 0) host.accept(delivery, 'received');
      };
      const origin: Origin = {
        asksHook: true,
        accepted: settled,
        failed: settled,
        waitFor: (receiver) => delivery.origin.waitFor(receiver),
      };
      for (const to of receivers) host.dispatch(delivery.packet, delivery.from, to, origin);
      return 'taken';
    },
  };
}

it('takes a message to a group to its members', async () => {
  const routes = [group('team', ['alice', 'bob', 'carol', 'dave'])];
  const server = createServer({ transports: [tcp({ host: '127.0.0.1', port: 0 })], routes });
  const [address] = await server.listen();
  const undelivered: string[] = [];
  server.on('undelivered', ({ message }) => undelivered.push(message.to));
  const received: string[] = [];
  const clients = ['alice', 'bob', 'carol'].map((userId) => {
    const client = createClient({ url: `tcp://127.0.0.1:${address?.port}` });
    client.on('message', ({ from, content }) => received.push(`${from} to ${userId}: ${content}`));
    return client.login({ userId }).then(() => client);
  });
  const [alice] = await Promise.all(clients);
  await alice?.send({ to: 'team', content: 'lunch?' });
  expect(received.sort()).toEqual(['alice to bob: lunch?', 'alice to carol: lunch?']);
  expect(undelivered).toEqual(['dave']);
  await Promise.all((await Promise.all(clients)).map((client) => client.close()));
  await server.close();
});
