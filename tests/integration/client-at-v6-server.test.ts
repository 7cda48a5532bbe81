import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createClient,
  fileOutbox,
  type ImClient,
  type OutboxSource,
  silentLogger,
  type Transport,
  tcp,
  udp,
  websocket,
} from '@imcore/client/node';
import { packetOf } from '@imcore/testkit/conformance';
import { afterEach, describe, expect, it } from 'vitest';
import { HarnessProcess, HOST, type Ports } from './harness-process.js';
import { Inbox } from './inbox.js';

/** The fields of a v6 packet, in the order in which writers emit them; the others are always written. */
const FIELDS = ['bridge', 'type', 'dataContent', 'from', 'to', 'fp', 'QoS', 'typeu', 'sm'];
const OPTIONAL = ['dataContent', 'fp'];
const TYPES = [0, 1, 2, 3, 4];
const MEMBERS_OF_LOGINS = ['loginUserId', 'loginToken', 'firstLoginTime'];

const TRANSPORTS: readonly [string, (ports: Ports) => Transport][] = [
  ['tcp', (ports) => tcp({ host: HOST, port: ports.tcp })],
  ['udp', (ports) => udp({ host: HOST, port: ports.udp })],
  ['websocket', (ports) => websocket({ url: `ws://${HOST}:${ports.websocket}/websocket` })],
];

/** The same transport; all that it sends is added to `sent`. */
function recorded(transport: Transport, sent: Inbox<string>): Transport {
  return {
    ...transport,
    connect(handler) {
      const link = transport.connect(handler);
      return {
        get bufferedBytes() {
          return link.bufferedBytes;
        },
        send(frame) {
          sent.push(frame);
          link.send(frame);
        },
        close: () => link.close(),
      };
    },
  };
}

/** What a frame has that is not of v6; undefined if there is nothing. An offer in a login is removed before. */
function foreignTo(body: string): string | undefined {
  const packet = packetOf(body);
  const names = Object.keys(packet);
  const expected = FIELDS.filter((name) => names.includes(name) || !OPTIONAL.includes(name));
  if (names.join() !== expected.join()) return `the fields ${names.join()}`;
  if (!TYPES.includes(Number(packet.type))) return `type ${packet.type}`;
  if (packet.type !== 0) return undefined;
  const { x, ...content } = JSON.parse(String(packet.dataContent)) as Record<string, unknown>;
  const others = Object.keys(content).filter((name) => !MEMBERS_OF_LOGINS.includes(name));
  return others.length === 0 ? undefined : `the members ${others.join()} in a login`;
}

const hasOffer = (body: string): boolean =>
  packetOf(body).type === 0 && 'x' in (JSON.parse(String(packetOf(body).dataContent)) as object);

describe.each(TRANSPORTS)(
  'a client with an outbox, at a server without the extension, over %s',
  (_, transportTo) => {
    let harness: HarnessProcess;
    let clients: ImClient[] = [];
    const directory = mkdtempSync(join(tmpdir(), 'imcore-v6-server-'));

    afterEach(async () => {
      await Promise.all(clients.map((client) => client.close()));
      clients = [];
      await harness.stop();
      rmSync(directory, { recursive: true, force: true });
    });

    async function online(userId: string, sent: Inbox<string>, outbox?: OutboxSource) {
      const transport = recorded(transportTo(harness.ports), sent);
      const client = createClient({
        transport,
        senseMode: 3,
        logger: silentLogger,
        ...(outbox && { outbox }),
      });
      clients.push(client);
      const contents = new Inbox<string>();
      client.on('message', ({ content }) => contents.push(content));
      await client.login({ userId, token: 'secret' });
      const received = (content: string) => contents.first((each) => each === content, content, 40_000);
      return { client, received, contents };
    }

    it('does everything that it does today, and writes nothing else than the offer of its logins', async () => {
      harness = await HarnessProcess.start();
      const { ports } = harness;
      const sent = new Inbox<string>();
      const alice = await online('alice', sent, fileOutbox(directory));
      const bob = await online('bob', new Inbox<string>());
      expect(alice.client.level).toBe('v6');

      expect(await alice.client.send({ to: 'bob', content: 'hello' })).toMatchObject({ outcome: 'received' });
      await bob.received('hello');
      await bob.client.send({ to: 'alice', content: 'hello yourself', type: 7 });
      await alice.received('hello yourself');
      await alice.client.send({ to: '0', content: 'to the server' });
      harness.command({ cmd: 's2c', to: 'alice', text: 'from the server' });
      await alice.received('from the server');

      // The server is killed and started again: an accepted message waits in the outbox, and both log in again.
      await harness.signal('SIGKILL');
      const waiting = alice.client.send({ to: 'bob', content: 'kept in the outbox' });
      harness = await HarnessProcess.start([], ports);
      await harness.event('online', { user: 'alice' }, 40_000);
      await harness.event('online', { user: 'bob' }, 40_000);
      await bob.received('kept in the outbox');
      await waiting;
      await bob.client.send({ to: 'alice', content: 'after the login' });
      await alice.received('after the login');

      await expect(alice.client.devices()).rejects.toMatchObject({ code: 'ERR_NOT_NEGOTIATED' });
      await sent.first((body) => packetOf(body).type === 1, 'keep-alive');
      await alice.client.close();

      // The same program again, with its storage.
      const again = await online('alice', sent, fileOutbox(directory));
      await bob.client.send({ to: 'alice', content: 'welcome back' });
      await again.received('welcome back');
      await again.client.logout();

      expect(alice.contents.items).toEqual(['hello yourself', 'from the server', 'after the login']);
      expect(sent.items.map(foreignTo).filter((foreign) => foreign !== undefined)).toEqual([]);
      const logins = sent.items.filter((body) => packetOf(body).type === 0);
      expect(logins.length).toBeGreaterThanOrEqual(3);
      expect(logins.filter((body) => !hasOffer(body))).toEqual([]);
      expect(new Set(sent.items.map((body) => packetOf(body).type))).toEqual(new Set(TYPES));
    });
  },
);
