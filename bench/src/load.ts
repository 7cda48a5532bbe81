import { parseArgs } from 'node:util';
import { loadLab, ownGenerator } from './generators.js';
import { conditions, keep } from './results.js';
import { alternate, describe, type RowResult } from './rounds.js';
import { type LoadRow, ROWS } from './rows.js';
import type { ServerSpec } from './server-under-load.js';

/**
 * Measures the server against the bare relay, and against public peers where they are there: one alternating run,
 * medians, ratios.
 *
 * `npm run bench:load -- [--rows tcp-64,ws-64] [--rounds 5] [--seconds 3] [--servers imcore,relay] [--own]`; `--own`
 * takes the generator of this project although the load lab is there. Servers: relay, relay-each, imcore,
 * imcore-no-store, and with the load lab c-limit, mosquitto, aedes.
 */
const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: Object.keys(ROWS).join(',') },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    servers: { type: 'string' },
    own: { type: 'boolean', default: false },
  },
});

const names = (values.servers ?? 'relay,relay-each,imcore').split(',');
const lab = values.own ? undefined : await loadLab(names);
const generator = lab ?? ownGenerator;
const node = process.execPath;
const known: readonly ServerSpec[] = [
  { name: 'relay', command: [node, 'bench/dist/relay.js', '--write', 'tick'] },
  { name: 'relay-each', command: [node, 'bench/dist/relay.js', '--write', 'each'] },
  { name: 'imcore', command: [node, 'bench/dist/full-server.js'] },
  { name: 'imcore-no-store', command: [node, 'bench/dist/full-server.js', '--no-store'] },
  ...generator.peers,
];
const specs = names.map((name) => require(known.find((spec) => spec.name === name), 'server', name));
const rows = values.rows.split(',').map((name) => require<LoadRow>(ROWS[name], 'row', name));

console.log(`${Object.values(conditions()).join(', ')}; generator: ${generator.name}\n`);
const results: RowResult[] = [];
for (const row of rows) {
  // Only the server has a store that takes messages for users who are offline.
  const able = row.offline ? specs.filter(({ name }) => name.startsWith('imcore')) : specs;
  const result = await alternate(generator, able, row, Number(values.rounds), Number(values.seconds));
  results.push(result);
  console.log(describe(result));
}
const kept = results.map(({ row, measurements }) => ({
  row,
  measurements: Object.fromEntries(measurements),
}));
console.log(`kept in ${keep('load', { generator: generator.name, rows: kept })}`);

function require<T>(found: T | undefined, kind: string, name: string): T {
  if (found !== undefined) return found;
  const all = kind === 'row' ? Object.keys(ROWS) : known.map((spec) => spec.name);
  console.error(`there is no ${kind} ${name}; known are ${all.join(', ')}`);
  process.exit(2);
}
