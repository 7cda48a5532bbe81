import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { median, short, table } from './statistics.js';

/**
 * CPU time that the SQLite store needs for a message, beside another checkout's store, in alternating rounds. Both must be
 * built. `npm run bench:store -- --base ../other-checkout --rounds 60`
 */
const { values } = parseArgs({
  options: {
    base: { type: 'string' },
    rounds: { type: 'string', default: '60' },
    history: { type: 'boolean', default: false },
    users: { type: 'string', default: '1000' },
    batch: { type: 'string', default: '64' },
  },
});

const MESSAGES = 1024;
const USERS = Number(values.users);
const BATCH = Number(values.batch);
const HOUR_MS = 3_600_000;
const body = JSON.stringify({ from: 'alice-0', to: 'bob-0', dataContent: 'x'.repeat(100), QoS: true });

/** What the ports of both versions have in common, in one shape. */
interface Store {
  append(messages: readonly object[]): Promise<readonly { id?: number; position?: number }[]>;
  confirm(confirmations: readonly object[]): Promise<void>;
  take(userId: string, after: unknown, limit: number): Promise<unknown>;
  expire(now: number, limit: number): Promise<unknown>;
  close(): Promise<void>;
}

interface Candidate {
  readonly name: string;
  readonly file: string;
  readonly store: Store;
  readonly hasPositions: boolean;
  readonly clock: { now: number };
  readonly micros: Record<string, number[]>;
}

const folder = mkdtempSync(join(tmpdir(), 'imcore-bench-store-'));

async function open(name: string, checkout: string): Promise<Candidate> {
  const url = pathToFileURL(resolve(checkout, 'packages/store-sqlite/dist/index.js')).href;
  const { sqliteStore } = (await import(url)) as { sqliteStore: (options: object) => Store };
  const clock = { now: 1_700_000_000_000 };
  const file = join(folder, `${name}.db`);
  const store = sqliteStore({
    file,
    wallTime: () => clock.now,
    rememberMs: HOUR_MS,
    historyMs: values.history ? HOUR_MS : 0,
  });
  return { name, file, store, hasPositions: 'epoch' in store, clock, micros: {} };
}

let serial = 0;

async function round(candidate: Candidate, from: number): Promise<void> {
  const { store, clock, hasPositions } = candidate;
  const users = Array.from({ length: MESSAGES }, (_, index) => `bob-${(from + index * 7) % USERS}`);
  const messages = users.map((to, index) => ({
    ...{ to, from: `alice-${index % 100}`, fingerprint: `fingerprint-${from + index}`, body },
    acceptedAt: clock.now,
  }));
  const places: object[] = [];
  await measured(candidate, 'append', async () => {
    for (let at = 0; at < MESSAGES; at += BATCH) {
      const results = await store.append(messages.slice(at, at + BATCH));
      for (const [index, { id = 0, position = 0 }] of results.entries()) {
        const userId = users[at + index] ?? '';
        places.push(hasPositions ? { userId, positions: [position] } : { userId, ids: [id] });
      }
    }
  });
  await measured(candidate, 'take', async () => {
    for (let at = 0; at < MESSAGES; at += BATCH)
      await Promise.all(
        users.slice(at, at + BATCH).map((userId) => store.take(userId, hasPositions ? 0 : undefined, 64)),
      );
  });
  await measured(candidate, 'confirm', async () => {
    for (let at = 0; at < MESSAGES; at += BATCH) await store.confirm(places.slice(at, at + BATCH));
  });
  clock.now += 2 * HOUR_MS;
  await measured(candidate, 'forget', async () => {
    for (let call = 0; call < 2; call++) await store.expire(clock.now, 1000);
  });
}

async function measured(candidate: Candidate, step: string, work: () => Promise<void>): Promise<void> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  candidate.micros[step] ??= [];
  candidate.micros[step].push((user + system) / MESSAGES);
}

const candidates = [await open('this', '.')];
if (values.base !== undefined) candidates.unshift(await open('base', values.base));
try {
  for (let index = 0; index < Number(values.rounds); index++) {
    for (const candidate of index % 2 === 0 ? candidates : candidates.toReversed())
      await round(candidate, serial);
    serial += MESSAGES;
  }
  const steps = ['append', 'take', 'confirm', 'forget'];
  const rows = candidates.map(({ name, micros, file }) => {
    const medians = steps.map((step) => median(micros[step] ?? []));
    const [append = 0, , confirm = 0, forget = 0] = medians;
    return [name, ...medians, append + confirm, append + confirm + forget]
      .map((cell) => (typeof cell === 'number' ? short(cell) : cell))
      .concat(short(statSync(file).size / 1024 / 1024));
  });
  console.log(`CPU microseconds for each message, median of ${values.rounds} rounds; MiB of the file`);
  console.log(table(['store', ...steps, 'append+confirm', 'all', 'MiB'], rows));
} finally {
  for (const { store } of candidates) await store.close();
  rmSync(folder, { recursive: true });
}
