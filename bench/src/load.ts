import { parseArgs } from 'node:util';
import { loadLab, ownGenerator } from './generators.js';
import { refuse } from './refuse.js';
import { conditions, keep } from './results.js';
import { alternate, describe, type RowResult, rowsToKeep } from './rounds.js';
import { ALL_ROWS, requireRows } from './rows.js';
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
    rows: { type: 'string', default: ALL_ROWS },
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
const specs = names.map(requireServer);
const rows = requireRows(values.rows);

console.log(`${Object.values(conditions()).join(', ')}; generator: ${generator.name}\n`);
const results: RowResult[] = [];
for (const row of rows) {
  // Only the server has a store that takes messages for users who are offline.
  const able = row.offline ? specs.filter(({ name }) => name.startsWith('imcore')) : specs;
  const result = await alternate(generator, able, row, Number(values.rounds), Number(values.seconds));
  results.push(result);
  console.log(describe(result));
}
console.log(`kept in ${keep('load', { generator: generator.name, rows: rowsToKeep(results) })}`);

function requireServer(name: string): ServerSpec {
  const all = known.map((spec) => spec.name).join(', ');
  return known.find((spec) => spec.name === name) ?? refuse(`there is no server ${name}; known are ${all}`);
}
