import { parseArgs } from 'node:util';
import { loadLab, ownGenerator } from './generators.js';
import { conditions, keep } from './results.js';
import { alternate, describe, type RowResult, rowsToKeep } from './rounds.js';
import { ALL_ROWS, requireRows } from './rows.js';
import { baselinesOf, RELAYS, requireServers, SERVER } from './servers.js';

/**
 * Measures the server against the bare relay that acknowledges as it does, end to end, and against others that
 * `--servers` names: one alternating run, medians, ratios.
 *
 * `npm run bench:load -- [--rows tcp-64,ws-64] [--rounds 5] [--seconds 3] [--servers imcore,relay] [--own]`; `--own`
 * takes the generator of this project although the load lab is there. Servers: relay-e2e, relay-e2e-each, imcore (the
 * default), imcore-no-store, relay and relay-each, which acknowledge at once, and with the load lab c-limit, mosquitto,
 * aedes. With the PostgreSQL `--postgres` there are imcore-postgres, and imcore-alone: the same as a node that is alone in a
 * cluster on the NATS `--nats`.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: ALL_ROWS },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    servers: { type: 'string', default: 'relay-e2e,relay-e2e-each,imcore' },
    own: { type: 'boolean', default: false },
    postgres: { type: 'string', default: 'postgres://postgres@127.0.0.1/postgres' },
    nats: { type: 'string', default: 'nats://127.0.0.1:4222' },
  },
});

const lab = values.own ? undefined : await loadLab(values.servers.split(','));
const generator = lab ?? ownGenerator;
const specs = requireServers(values.servers, [
  ...RELAYS,
  { name: 'imcore', command: SERVER },
  { name: 'imcore-no-store', command: [...SERVER, '--no-store'] },
  { name: 'imcore-postgres', command: [...SERVER, '--postgres', values.postgres] },
  { name: 'imcore-alone', command: [...SERVER, '--postgres', values.postgres, '--nats', values.nats] },
  ...generator.peers,
]);
const rows = requireRows(values.rows);

console.log(`${Object.values(conditions()).join(', ')}; generator: ${generator.name}\n`);
const results: RowResult[] = [];
for (const row of rows) {
  // Only the server has a store that takes messages for users who are offline.
  const able = row.offline ? specs.filter(({ name }) => name.startsWith('imcore')) : specs;
  const result = await alternate(generator, able, row, Number(values.rounds), Number(values.seconds));
  results.push(result);
  console.log(describe(result, baselinesOf(able.map(({ name }) => name))));
}
console.log(`kept in ${keep('load', { generator: generator.name, rows: rowsToKeep(results) })}`);
