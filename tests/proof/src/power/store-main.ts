import { writeFileSync } from 'node:fs';
import { sqliteStore } from '@imcore/store-sqlite';
import { StoreWorkload } from './store-workload.js';

/**
 * A process that uses a store: `node store-main.js FILE GUARANTEES SEED FIRST DURATION_MS`. Closes and opens the store in
 * between, and writes the guarantees of the store to a file at its end.
 */
const [file = '', guarantees = '', seed = '0', first = '0', durationMs = '0'] = process.argv.slice(2);
const ROUNDS = 3;
const workload = new StoreWorkload(Number(seed), Number(first));
for (let round = 0; round < ROUNDS; round++) {
  const store = sqliteStore({ file, rememberMs: 500, maxAgeMs: 300 });
  await workload.run(store, Number(durationMs) / ROUNDS);
  await store.close();
}
writeFileSync(guarantees, JSON.stringify(workload.given));
