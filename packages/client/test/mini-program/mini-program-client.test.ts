import { createClient, type ImClient } from '@imcore/client/mini-program';
import { createServer, type ImServer, websocket } from '@imcore/server';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import {
  FakeMiniProgram,
  type FakeMiniProgramOptions,
} from '../../../../tests/support/mini-program/fake-mini-program.js';

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('clients in a mini-program', () => {
  it.each(['wx', 'uni', 'my', 'tt'] as const)(
    'work side by side on %s and reach each other',
    async (dialect) => {
      const { program, newClient } = await scene({ dialect });
      const [alice, bob] = [newClient(), newClient()];
      const arrived = nextMessage(bob);
      await alice.login({ userId: 'alice' });
      await bob.login({ userId: 'bob' });

      const receipt = await alice.send({ to: 'bob', content: '你好 😀' });

      expect(await arrived).toMatchObject({ from: 'alice', content: '你好 😀' });
      expect(receipt.attempts).toBe(1);
      expect(program.openSockets).toBe(2);
      await alice.close();
      await bob.send({ to: '0', content: 'still here' });
      expect(bob.state).toBe('online');
    },
  );

  it('get ERR_TOO_MANY_SOCKETS when no socket is free, and connect when one is', async () => {
    const { program, newClient } = await scene({ dialect: 'wx' });
    const first = await Promise.all([1, 2, 3, 4, 5].map((n) => online(newClient(), `user-${n}`)));
    const sixth = newClient();
    const refused = new Promise<Error | undefined>((resolve) => {
      sixth.on('state', ({ current, cause }) => current === 'waiting' && resolve(cause));
    });

    const login = sixth.login({ userId: 'user-6' });

    expect(await refused).toMatchObject({ code: 'ERR_TOO_MANY_SOCKETS' });
    await first[0]?.close();
    await until(() => program.openSockets === 4);
    sixth.retryNow();
    await expect(login).resolves.toMatchObject({ firstLoginTime: expect.any(Number) });
  });

  it('get ERR_TOO_MANY_SOCKETS if the platform returns no task for a rejected socket', async () => {
    const { newClient } = await scene({ dialect: 'tt', returnsTaskOnFailure: false, maxSockets: 1 });
    await online(newClient(), 'alice');

    const login = newClient({ autoReconnect: false }).login({ userId: 'bob' });

    await expect(login).rejects.toMatchObject({ cause: { code: 'ERR_TOO_MANY_SOCKETS' } });
  });

  it('reconnect after the platform has closed their sockets in the background', async () => {
    const { program, newClient } = await scene({ dialect: 'wx' });
    const alice = await online(newClient(), 'alice');
    const back = nextState(alice, 'online');

    program.suspend();
    await nextState(alice, 'waiting');
    const sending = alice.send({ to: '0', content: 'written in the background' });
    program.resume();

    await back;
    await expect(sending).resolves.toMatchObject({ attempts: 1 });
  });
});

describe('a client in a mini-program', () => {
  it('reconnects at once when the network is back', async () => {
    const { program, newClient } = await scene({ dialect: 'tt' });
    const alice = await online(newClient(), 'alice');
    const back = nextState(alice, 'online');

    program.setNetwork(false);
    await nextState(alice, 'waiting');
    program.setNetwork(true);

    await back;
  });

  it('checks its link when the program is in the foreground again', async () => {
    const { program, newClient, server } = await scene({ dialect: 'my' });
    const alice = await online(newClient(), 'alice');
    const received = (): number => server.metrics()['packetsReceived'] ?? 0;
    const before = received();

    program.resume();

    await until(() => received() > before);
    expect(alice.state).toBe('online');
  });

  it('removes its listeners from the platform when it is closed', async () => {
    const { program, newClient } = await scene({ dialect: 'uni' });
    const alice = await online(newClient(), 'alice');
    expect([program.listeners('network'), program.listeners('show')]).toEqual([1, 1]);

    await alice.close();

    expect([program.listeners('network'), program.listeners('show')]).toEqual([0, 0]);
  });
});

describe('a client on a platform without SocketTask', () => {
  it('uses the only socket of the program, and removes its listeners', async () => {
    const { program, newClient } = await scene({ dialect: 'my', isOld: true });
    const alice = await online(newClient(), 'alice');
    const events = ['onSocketOpen', 'onSocketMessage', 'onSocketError', 'onSocketClose'];
    expect(events.map((event) => program.listeners(event))).toEqual([1, 1, 1, 1]);
    await alice.send({ to: '0', content: 'hello' });

    const second = newClient({ autoReconnect: false }).login({ userId: 'bob' });
    await expect(second).rejects.toMatchObject({ cause: { code: 'ERR_TOO_MANY_SOCKETS' } });
    expect(alice.state).toBe('online');

    await alice.logout();
    expect(events.map((event) => program.listeners(event))).toEqual([0, 0, 0, 0]);
  });

  it('does not close the socket that another client is opening', async () => {
    const { newClient } = await scene({ dialect: 'my', isOld: true });
    const alice = newClient();
    const first = alice.login({ userId: 'alice' });
    const second = newClient({ autoReconnect: false }).login({ userId: 'bob' });

    await expect(second).rejects.toMatchObject({ cause: { code: 'ERR_TOO_MANY_SOCKETS' } });
    await first;
    await alice.send({ to: '0', content: 'hello' });
  });
});

/** A server on a real socket, and a mini-program whose clients connect to it. */
async function scene(options: Omit<FakeMiniProgramOptions, 'openSocket'>) {
  const server: ImServer = createServer({ transports: [websocket({ host: '127.0.0.1', port: 0 })] });
  const [address] = await server.listen();
  closing.push(() => server.close());
  const program = new FakeMiniProgram({
    ...options,
    openSocket: (url, headers) => new WebSocket(url, { headers }),
  });
  const newClient = (settings: { autoReconnect?: boolean } = {}): ImClient => {
    const client = createClient({
      platform: program.api,
      url: `ws://127.0.0.1:${address?.port}/websocket`,
      backoff: { initialMs: 60_000, maxMs: 60_000, minMs: 60_000 },
      ...settings,
    });
    closing.push(() => client.close());
    return client;
  };
  return { server, program, newClient };
}

async function online(client: ImClient, userId: string): Promise<ImClient> {
  await client.login({ userId });
  return client;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

function nextMessage(client: ImClient): Promise<{ from: string; content: string }> {
  return new Promise((resolve) => {
    client.on('message', resolve);
  });
}

function nextState(client: ImClient, wanted: string): Promise<void> {
  return new Promise((resolve) => {
    client.on('state', ({ current }) => current === wanted && resolve());
  });
}
