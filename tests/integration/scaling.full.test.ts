import { type Transport, tcp, udp, websocket } from '@imcore/client/node';
import { afterEach, describe, expect, it } from 'vitest';
import { ClusterUser, type LocalNode, startNodes } from './cluster-behind-balancer.js';
import { blocksOf } from './documented-session.js';
import { ProxiedClient } from './proxied-client.js';
import { freePort, hasProxies, ProxyProcess } from './proxy-process.js';

const HOST = '127.0.0.1';
const NODE_IDS = ['im-1', 'im-2', 'im-3'] as const;

/** For moves to another node: the read time-outs of the clients, a few reconnects, and a busy machine. */
const MOVE_WITHIN_MS = 40_000;

interface Front {
  readonly tcp: number;
  readonly udp: number;
  readonly websocket: number;
}

const textOf = (guide: string, language: string, start: string): string => {
  const block = blocksOf(guide).find((one) => one.language === language && one.text.startsWith(start));
  if (block === undefined) throw new Error(`${guide} has no ${language} block that starts with ${start}`);
  return block.text;
};

/** Puts the addresses of the nodes into a configuration, in place of those of the guide. */
function withNodes(text: string, nodes: readonly LocalNode[]): string {
  return nodes.reduce((changed, { ports }, index) => {
    const address = `10.0.1.${11 + index}`;
    return changed
      .replaceAll(`${address}:8901`, `${HOST}:${ports.tcp}`)
      .replaceAll(`${address}:7901`, `${HOST}:${ports.udp}`)
      .replaceAll(`${address}:3000`, `${HOST}:${ports.websocket}`);
  }, text);
}

describe.runIf(hasProxies())('three nodes behind a balancer, as in the guide', () => {
  const ends: (() => unknown)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });

  async function start(): Promise<LocalNode[]> {
    const nodes = await startNodes(...NODE_IDS);
    for (const node of nodes) ends.push(() => node.close());
    return nodes;
  }

  async function startNginx(guide: string, nodes: readonly LocalNode[]): Promise<Front> {
    const front = { tcp: await freePort(), udp: await freePort(), websocket: await freePort() };
    const http = textOf(guide, 'nginx', 'upstream im_websocket').replace(
      'listen 443 ssl',
      `listen ${HOST}:${front.websocket} ssl`,
    );
    const stream = textOf(guide, 'nginx', 'stream {')
      .replace('listen 8901', `listen ${HOST}:${front.tcp}`)
      .replace('listen 7901', `listen ${HOST}:${front.udp}`);
    const proxy = await ProxyProcess.startNginx(
      withNodes(http, nodes),
      withNodes(stream, nodes),
      front.websocket,
    );
    ends.push(() => proxy.stop());
    return front;
  }

  async function startHaproxy(guide: string, nodes: readonly LocalNode[]): Promise<Front> {
    const front = { tcp: await freePort(), udp: 0, websocket: await freePort() };
    const text = textOf(guide, 'haproxy', 'defaults')
      .replace('bind :8901', `bind ${HOST}:${front.tcp}`)
      .replace('bind :443', `bind ${HOST}:${front.websocket}`);
    // All nodes are on one machine here, so each has a port of its own for its health page.
    const checked = text.replaceAll(/^ {2}server im-(\d) .*$/gm, (line, number: string) => {
      return `${line} port ${nodes[Number(number) - 1]?.ports.health}`;
    });
    const proxy = await ProxyProcess.startHaproxy(withNodes(checked, nodes), front.websocket);
    ends.push(() => proxy.stop());
    return front;
  }

  async function logIn(userId: string, transport: Transport): Promise<ClusterUser> {
    const user = new ClusterUser(userId, transport);
    ends.push(() => user.client.close());
    await user.client.login({ userId });
    return user;
  }

  /** Three users for each transport of the balancer. */
  async function logInAll(front: Front): Promise<ClusterUser[]> {
    const url = `wss://${HOST}:${front.websocket}/websocket`;
    const transports: Record<string, () => Transport> = {
      tcp: () => tcp({ host: HOST, port: front.tcp }),
      websocket: () => websocket({ url, tls: { rejectUnauthorized: false } }),
      ...(front.udp === 0 ? {} : { udp: () => udp({ host: HOST, port: front.udp }) }),
    };
    const users: ClusterUser[] = [];
    for (const [kind, transport] of Object.entries(transports))
      for (const index of [1, 2, 3]) users.push(await logIn(`${kind}-${index}`, transport()));
    return users;
  }

  /** Each user writes to each other one. */
  async function expectAllTalk(users: readonly ClusterUser[], content: string): Promise<void> {
    const sent = users.flatMap(({ client, userId }) =>
      users.filter((other) => other.userId !== userId).map((to) => client.send({ to: to.userId, content })),
    );
    await Promise.all(sent);
    for (const { messages, userId } of users) {
      const matches = (message: { readonly content: string }) => message.content === content;
      await messages.count(matches, users.length - 1, `message to ${userId}`);
      const senders = messages.items.filter(matches).map(({ from }) => from);
      expect(senders.sort()).toEqual(
        users
          .map((user) => user.userId)
          .filter((id) => id !== userId)
          .sort(),
      );
    }
  }

  const FRONTS = [
    ['nginx', startNginx],
    ['HAProxy', startHaproxy],
  ] as const;

  it.each(FRONTS)('exchange messages between all nodes and transports: %s', async (_, startFront) => {
    const nodes = await start();
    const users = await logInAll(await startFront('docs/guide/scaling.md', nodes));
    for (let at = 0; at < users.length; at += NODE_IDS.length) {
      const three = users.slice(at, at + NODE_IDS.length).map((user) => user.nodeOf(nodes));
      expect(three.sort()).toEqual(NODE_IDS);
    }
    await expectAllTalk(users, 'hello');
  });

  it.each(FRONTS)('moves clients to other nodes when theirs stops: %s', async (_, startFront) => {
    const nodes = await start();
    const users = await logInAll(await startFront('docs/guide/scaling.md', nodes));
    await nodes[0]?.close();
    const left = NODE_IDS.slice(1);
    await expect
      .poll(() => users.filter((user) => !left.some((id) => id === user.nodeOf(nodes))), {
        timeout: MOVE_WITHIN_MS,
      })
      .toEqual([]);
    await expectAllTalk(users, 'after the move');
  });

  it.each(FRONTS)('lets the users of a draining node in at the others: %s', async (_, startFront) => {
    const nodes = await start();
    const front = await startFront('docs/guide/scaling.md', nodes);
    const users = (await logInAll({ ...front, udp: 0 })).filter((user) => user.nodeOf(nodes) === NODE_IDS[0]);
    expect(users).toHaveLength(2);
    const states = users.map(({ client }) => {
      const seen: string[] = [];
      client.on('state', ({ current }) => seen.push(current));
      return seen;
    });
    await nodes[0]?.server.cluster?.drain();
    const left = NODE_IDS.slice(1);
    await expect
      .poll(() => users.filter((user) => !left.some((id) => id === user.nodeOf(nodes))), { timeout: 10_000 })
      .toEqual([]);
    await expectAllTalk(users, 'after the drain');
    // One reconnect each: no balancer has led them back to the node that sends them away.
    const once = ['waiting', 'connecting', 'authenticating', 'online'];
    expect(states).toEqual([once, once]);
  });

  it.each(FRONTS)('know the addresses of users on TCP and WebSocket: %s', async (_, startFront) => {
    const nodes = await start();
    const front = await startFront('docs/guide/scaling.md', nodes);
    const [alice, bob] = [new ProxiedClient('alice', '127.0.0.9'), new ProxiedClient('bob', '127.0.0.8')];
    for (const client of [alice, bob]) ends.push(() => client.close());
    await alice.overTcp(front.tcp);
    await bob.overWebSocket(`wss://${HOST}:${front.websocket}/websocket`);
    const addressesOf = (userId: string) =>
      nodes.flatMap(({ server }) => server.sessions(userId).map(({ remoteAddress }) => remoteAddress));
    expect([addressesOf('alice'), addressesOf('bob')]).toEqual([['127.0.0.9'], ['127.0.0.8']]);
  });
});
