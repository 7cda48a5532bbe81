import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadLab, ownGenerator } from './generators.js';
import { refuse } from './refuse.js';
import { keep } from './results.js';
import { alternate, describe, type RowResult, rowsToKeep } from './rounds.js';
import { requireRows } from './rows.js';

/**
 * Measures this checkout against another commit, in one alternating run: what did a change bring?
 *
 * `npm run bench:compare -- <commit> [--rows tcp-64] [--rounds 5] [--seconds 3]`
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rows: { type: 'string', default: 'tcp-64,tcp-1k,ws-64,udp-64' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
});
const [commit] = positionals;
if (commit === undefined) refuse('npm run bench:compare -- <commit>');
const rows = requireRows(values.rows);
const folder = mkdtempSync(join(tmpdir(), 'imcore-compare-'));
const run = (command: string, ...args: string[]): void => {
  execFileSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
};
execFileSync('git', ['worktree', 'add', '--detach', folder, commit], { stdio: 'ignore' });
try {
  console.log(`building ${commit} …`);
  run('npm', 'ci', '--silent');
  run('npx', 'tsc', '-b', 'packages/server', 'packages/store-sqlite');
  const server = [process.execPath, 'bench/dist/full-server.js'];
  const specs = [
    { name: commit, command: [...server, '--root', folder] },
    { name: 'here', command: server },
  ];
  const generator = (await loadLab()) ?? ownGenerator;
  const results: RowResult[] = [];
  for (const row of rows) {
    const result = await alternate(generator, specs, row, Number(values.rounds), Number(values.seconds));
    results.push(result);
    console.log(describe(result));
  }
  console.log(`kept in ${keep('compare', { commit, rows: rowsToKeep(results) })}`);
} finally {
  execFileSync('git', ['worktree', 'remove', '--force', folder], { stdio: 'ignore' });
}
