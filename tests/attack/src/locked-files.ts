import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type ImClient, silentLogger, tcp } from '@imcore/client/node';
import type { Attack, AttackOptions, AttackOutcome } from './attack.js';
import { Probe } from './probe.js';
import { Victim, type VictimState } from './victim.js';

/** Wait between two messages to the user who is offline, in milliseconds. */
const EVERY_MS = 20;
/** How long its messages may take to arrive at the end, in milliseconds. */
const LAST_MS = 15_000;
const MAX_LOOP_DELAY_MS = 1000;

/** A program like the `sqlite3` shell: it runs each message as SQL. */
const SHELL = `
const { DatabaseSync } = require(process.argv[1]);
const database = new DatabaseSync(process.argv[2], { timeout: 5000 });
process.on('message', (sql) => { database.exec(sql); process.send('done'); });
process.on('disconnect', () => process.exit());
`;

/** Another process locks the database file of a server, and then reads it in one long transaction. */
export const lockedFiles: Attack = {
  summary: 'another process locks the database file, and then reads it for a long time',
  async run({ seconds }: AttackOptions): Promise<AttackOutcome> {
    const folder = mkdtempSync(join(tmpdir(), 'imcore-attack-'));
    const file = join(folder, 'messages.db');
    const victim = await Victim.start({ store: { file }, senseMode: 3, exemptsLoopback: true });
    const probe = await Probe.start(victim.ports.tcp);
    const sender = await Sender.start(victim.ports.tcp);
    const shell = openShell(file);
    await victim.state();

    const lockedUntil = performance.now() + (seconds * 1000) / 2;
    await run(shell, 'BEGIN EXCLUSIVE');
    await sender.sendUntil(lockedUntil);
    const storedWhileLocked = sender.acknowledged.size;
    await run(shell, 'COMMIT');
    const locked = await victim.state();

    await run(shell, 'BEGIN; SELECT count(*) FROM message');
    await sender.sendUntil(performance.now() + (seconds * 1000) / 2);
    const logBytes = statSync(`${file}-wal`).size;
    await run(shell, 'COMMIT');
    const missing = await sender.missing(victim.ports.tcp);
    const read = await victim.state();
    shell.disconnect();

    const { lost, p50Ms, maxMs, sent, disconnects } = await probe.stop();
    await sender.close();
    const isAlive = victim.isAlive;
    await victim.stop();
    rmSync(folder, { recursive: true, force: true });
    const figures = {
      ...{ storedWhileLocked, acknowledged: sender.acknowledged.size, missing, logBytes },
      storeFailures: read.metrics['storeFailures'] ?? 0,
      maxLoopDelayMs: Math.max(locked.maxLoopDelayMs, read.maxLoopDelayMs),
      ...{ probeMessages: sent, probeP50Ms: p50Ms, probeMaxMs: maxMs, disconnects },
    };
    const problems = [
      ...(storedWhileLocked > 0 ? [`${storedWhileLocked} messages were acknowledged and not stored`] : []),
      ...(missing > 0 ? [`${missing} acknowledged messages are missing`] : []),
      ...(sender.acknowledged.size === 0 ? ['no message was stored after the lock was released'] : []),
      ...slowness(figures.maxLoopDelayMs),
      ...(lost > 0 ? [`${lost} messages of the probe were lost`] : []),
      ...(disconnects > 0 ? [`users who were online lost the link ${disconnects} times`] : []),
      ...unexpected(read),
      ...(isAlive ? [] : ['the server has ended']),
    ];
    return { figures, problems };
  },
};

function slowness(maxLoopDelayMs: number): readonly string[] {
  if (maxLoopDelayMs <= MAX_LOOP_DELAY_MS) return [];
  return [`the event loop waited for ${Math.round(maxLoopDelayMs)} ms, allowed are ${MAX_LOOP_DELAY_MS}`];
}

/** Errors other than that of the lock. */
function unexpected({ errors }: VictimState): readonly string[] {
  return Object.entries(errors)
    .filter(([code]) => code !== 'ERR_STORE_LOCKED')
    .map(([code, times]) => `the server reported ${code} ${times} times`);
}

/** A user who writes to one who is offline. */
class Sender {
  readonly acknowledged = new Set<string>();
  readonly #client: ImClient;
  #count = 0;

  private constructor(client: ImClient) {
    this.#client = client;
  }

  static async start(port: number): Promise<Sender> {
    const client = createUser(port);
    await client.login({ userId: 'sender' });
    return new Sender(client);
  }

  async sendUntil(until: number): Promise<void> {
    while (performance.now() < until) {
      const content = String(this.#count++);
      this.#client.send({ to: 'offline', content }).then(
        () => this.acknowledged.add(content),
        () => {},
      );
      await sleep(EVERY_MS);
    }
  }

  /** Logs the receiver in. Resolves with the number of acknowledged messages that do not arrive. */
  async missing(port: number): Promise<number> {
    const receiver = createUser(port);
    const received = new Set<string>();
    // Before the login: messages may come with its response, and are acknowledged without a listener, too.
    receiver.on('message', ({ content }) => received.add(content));
    await receiver.login({ userId: 'offline' });
    const until = performance.now() + LAST_MS;
    while (received.size < this.#count && performance.now() < until) await sleep(EVERY_MS);
    await receiver.close();
    return [...this.acknowledged].filter((content) => !received.has(content)).length;
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function createUser(port: number): ImClient {
  return createClient({
    transport: tcp({ host: '127.0.0.1', port }),
    senseMode: 3,
    retry: { waitMs: 500, retries: 60 },
    logger: silentLogger,
  });
}

function openShell(file: string): ChildProcess {
  return spawn(process.execPath, ['--no-warnings', '-e', SHELL, sqliteModule(), file], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** Node's SQLite; the package with the same API where Node has none. */
function sqliteModule(): string {
  const require = createRequire(import.meta.url);
  try {
    require('node:sqlite');
    return 'node:sqlite';
  } catch {
    return require.resolve('@photostructure/sqlite');
  }
}

async function run(shell: ChildProcess, sql: string): Promise<void> {
  const done = once(shell, 'message');
  shell.send(sql);
  await done;
}
