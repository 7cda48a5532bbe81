import { describe, expect, it } from 'vitest';
import { HarnessProcess } from './harness-process.js';
import { Scene, TRANSPORTS } from './scene.js';

const scene = Scene.set(['--sense', '3']);

/** How long a session may be silent for the server, in sense mode 3 s. */
const READ_TIMEOUT_MS = { tcp: 7000, udp: 10_000, websocket: 7000 };
/** How long the server may be silent for the client, in sense mode 3 s. */
const CLIENT_TIMEOUT_MS = { tcp: 5000, udp: 10_000, websocket: 5000 };
const KEEP_ALIVE_MS = 3000;
const SLACK_MS = 3000;

describe('a client whose server was killed and started again', () => {
  it('reconnects on every transport with its first login time, and its messages arrive', async () => {
    const users = await Promise.all(TRANSPORTS.map((transport) => scene.user('alice', transport)));
    const times = await Promise.all(
      users.map(
        async ({ userId }) => (await scene.harness.event('online', { user: userId }))['firstLoginTime'],
      ),
    );
    const { ports } = scene.harness;
    await scene.harness.signal('SIGKILL');
    const waiting = users.map(({ client, userId }) => client.send({ to: '0', content: `${userId} is away` }));
    scene.replace(await HarnessProcess.start(['--sense', '3'], ports));
    for (const [index, user] of users.entries()) {
      const back = await scene.harness.event('online', { user: user.userId }, 40_000);
      expect(back).toMatchObject({ via: TRANSPORTS[index], firstLoginTime: times[index] });
    }
    await Promise.all(waiting);
    for (const { userId } of users) {
      const expected = { from: userId, text: `${userId} is away` };
      await scene.harness.event('c2s', expected);
      expect(scene.harness.count('c2s', expected)).toBe(1);
    }
    const carol = await scene.user('carol', 'tcp');
    for (const { userId } of users) await carol.client.send({ to: userId, content: 'welcome back' });
    await Promise.all(users.map((user) => user.message('welcome back')));
  });
});

describe('a peer that falls silent', () => {
  it('is detected by the server within its read timeout, while keep-alives keep others online', async () => {
    const idle = await Promise.all(TRANSPORTS.map((transport) => scene.user('idle', transport)));
    await Promise.all(
      TRANSPORTS.map(async (transport) => {
        const raw = await scene.raw(transport);
        const userId = scene.name('silent');
        await raw.login(userId);
        const since = performance.now();
        const [readTimeoutMs, expected] = [
          READ_TIMEOUT_MS[transport],
          { user: userId, kickCode: -1, via: transport },
        ];
        await scene.harness.event('offline', expected, readTimeoutMs + SLACK_MS);
        expect(performance.now() - since).toBeGreaterThan(readTimeoutMs - 500);
      }),
    );
    const carol = await scene.user('carol', 'tcp');
    for (const { client, userId, reports } of idle) {
      await carol.client.send({ to: userId, content: 'awake?' });
      expect(client.state).toBe('online');
      expect(scene.harness.count('offline', { user: userId })).toBe(0);
      expect(reports.items.filter(({ kind }) => kind === 'linkLost')).toEqual([]);
    }
  });

  it('is detected by the client within its timeout when it is the server', async () => {
    const users = await Promise.all(TRANSPORTS.map((transport) => scene.user('alice', transport)));
    const since = performance.now();
    scene.harness.freeze();
    try {
      await Promise.all(
        users.map(async ({ reports }, index) => {
          const timeoutMs = CLIENT_TIMEOUT_MS[TRANSPORTS[index] ?? 'tcp'];
          const deadlineMs = timeoutMs + KEEP_ALIVE_MS + SLACK_MS;
          const lost = await reports.first(({ kind }) => kind === 'linkLost', 'lost link', deadlineMs);
          expect(lost).toMatchObject({ reason: 'link-silent' });
          expect(performance.now() - since).toBeGreaterThan(timeoutMs - KEEP_ALIVE_MS - 500);
        }),
      );
    } finally {
      scene.harness.thaw();
    }
  });
});
