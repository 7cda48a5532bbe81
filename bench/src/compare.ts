import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadLab, ownGenerator } from './generators.js';
import { refuse } from './refuse.js';
import { keep } from './results.js';
import { alternate, describe, type RowResult, rowsToKeep } from './rounds.js';
import { ONLINE_ROWS, requireRows } from './rows.js';
import { RELAYS, requireServers, SERVER } from './servers.js';

/**
 * Measures this checkout and another commit against the bare relay that acknowledges as the server does, in one
 * alternating run: what did a change bring?
 *
 * `npm run bench:compare -- <commit> [--rows tcp-64] [--rounds 5] [--seconds 3] [--relays relay-e2e]`; `--relays` takes
 * the names of relays that `bench:load` takes.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: ONLINE_ROWS },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    relays: { type: 'string', default: 'relay-e2e' },
  },
});
const [commit] = positionals;
if (commit === undefined) refuse('npm run bench:compare -- <commit>');
const rows = requireRows(values.rows);
const relays = requireServers(values.relays, RELAYS);
const folder = mkdtempSync(join(tmpdir(), 'imcore-compare-'));
const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
};
execFileSync('git', ['worktree', 'add', '--detach', folder, commit], { stdio: 'ignore' });
try {
  console.log(`building ${commit} …`);
  run('npm', 'ci', '--silent');
  run('npx', 'tsc', '-b', 'packages/server', 'packages/store-sqlite', 'packages/cli');
  const specs = [
    ...relays,
    { name: commit, command: [...SERVER, '--root', folder] },
    { name: 'here', command: SERVER },
  ];
  const baselines = [...relays.map(({ name }) => name), commit];
  const generator = (await loadLab()) ?? ownGenerator;
  const results: RowResult[] = [];
  for (const row of rows) {
    // Only the server has a store that takes messages for users who are offline.
    const able = row.offline ? specs.slice(relays.length) : specs;
    const result = await alternate(generator, able, row, Number(values.rounds), Number(values.seconds));
    results.push(result);
    console.log(describe(result, row.offline ? [commit] : baselines));
  }
  console.log(`kept in ${keep('compare', { commit, rows: rowsToKeep(results) })}`);
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', folder], { stdio: 'ignore' });
}
