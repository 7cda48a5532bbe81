/**
 * Two servers in one process bring each other's users their messages. The seam is the option `routes`: a `Route` of one
 * server hands a message to the `RouteHost` of the other, and passes its outcome back.
 */
import { createClient } from '@imcore/client/node';
import { createServer, type Route, type RouteHost, tcp } from '@imcore/server';
import { expect, it } from 'vitest';

function cluster(hosts: Set<RouteHost>): Route {
  let own: RouteHost;
  return {
    name: 'cluster',
    init(host) {
      own = host;
      hosts.add(host);
    },
    take(delivery, _receiver, _now, reason) {
      const { packet, from, to, origin } = delivery;
      const other = [...hosts].find((host) => host !== own && host.isOnline(to));
      if (other === undefined) return reason;
      other.dispatch(packet, from, to, {
        asksHook: false,
        accepted: (_, outcome, _now, acknowledgement) => own.accept(delivery, outcome, acknowledgement),
        failed: (_, why) => own.fallBack(delivery, why),
        waitFor: (receiver) => origin.waitFor(receiver),
      });
      return 'taken';
    },
    async close() {
      hosts.delete(own);
    },
  };
}

it('brings a message to a user of another server', async () => {
  const hosts = new Set<RouteHost>();
  const start = async () => {
    const server = createServer({
      transports: [tcp({ host: '127.0.0.1', port: 0 })],
      routes: [cluster(hosts)],
    });
    const [address] = await server.listen();
    return { server, url: `tcp://127.0.0.1:${address?.port}` };
  };
  const [one, two] = [await start(), await start()];
  const [alice, bob] = [createClient({ url: one.url }), createClient({ url: two.url })];
  await Promise.all([alice.login({ userId: 'alice' }), bob.login({ userId: 'bob' })]);
  const order: string[] = [];
  bob.on('message', ({ from, content }) => order.push(`${from}: ${content}`));
  two.server.on('received', ({ userId }) => order.push(`${userId} has acknowledged`));
  alice.on('delivered', () => order.push('alice is acknowledged'));
  await alice.send({ to: 'bob', content: 'hello' });
  expect(order).toEqual(['alice: hello', 'bob has acknowledged', 'alice is acknowledged']);
  await expect(one.server.send('carol', 'hello')).rejects.toMatchObject({ code: 'ERR_UNDELIVERABLE' });
  await Promise.all([alice.close(), bob.close(), one.server.close(), two.server.close()]);
});
