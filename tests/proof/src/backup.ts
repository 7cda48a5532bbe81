import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { RestoredLedger, type RestoredVerdict } from './devices/restored-ledger.js';
import { type DevicePlan, TEAM, Team, USERS } from './devices/team.js';
import { ServerProcess } from './server-process.js';
import { pause } from './traffic.js';

/**
 * The proof of restored backups: `imcore store backup` copies the store of a real server under load. Later the server is killed, the
 * backup put in place of its file, and the server started again. Each device must be told that its positions are those of another
 * log, and what was acknowledged before the backup must have been delivered, or be in the history that its application then reads.
 *
 * `npm run proof:backup -- --restores 5 [--keep-epoch]`; with `--keep-epoch` the file is copied as it is, which the proof must
 * detect. Exit code 0 only if all counts of faults are 0, 2 for an invalid command line.
 */
const { values } = parseArgs({
  options: {
    restores: { type: 'string', default: '5' },
    'keep-epoch': { type: 'boolean', default: false },
  },
});
if (!/^[1-9]\d{0,5}$/.test(values.restores)) {
  process.stderr.write(`--restores must be a whole number from 1, got ${JSON.stringify(values.restores)}\n`);
  process.exit(2);
}
const restores = Number(values.restores);

/** How long clients may take until they are online after a start, and until everything has arrived at the end, in milliseconds. */
const RECOVERY_MS = 10_000;

/**
 * How long a device stays away after a restore, in milliseconds: its position is then one that the restored log has given again, so
 * that only the epoch tells them apart.
 */
const AWAY_MS = 4000;

const COMMAND = fileURLToPath(new URL('../../../packages/cli/bin/imcore.js', import.meta.url));
const startedAt = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'imcore-backup-'));
const place = join(folder, 'store');
const file = join(place, 'messages.db');
const verdict = await prove();
rmSync(folder, { recursive: true, force: true });
const { acknowledged, unguaranteed, missing, untold, needless } = verdict;
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(
  `${restores} restored backups in ${seconds} s, ${acknowledged} acknowledged (${unguaranteed} of them after a backup), ${missing} missing, ${untold} devices not told, ${needless} needless gaps`,
);
process.exit(acknowledged > unguaranteed && missing + untold + needless === 0 ? 0 : 1);

async function prove(): Promise<RestoredVerdict> {
  mkdirSync(place);
  const server = new ServerProcess(file, ['--history']);
  await server.start();
  const ledger = new RestoredLedger(TEAM);
  const team = new Team(folder, server.ports, ledger, { isRoaming: false });
  const reads: Promise<void>[] = [];
  // What cannot be read is missing.
  await team.start((device) => reads.push(readHistory(team, device, ledger).catch(() => undefined)));
  for (let restore = 1; restore <= restores; restore++) {
    await pause(500 + Math.random() * 1000);
    const backup = join(folder, `backup-${restore}`);
    ledger.backupBegan();
    await (values['keep-epoch'] ? copyAsItIs(server, backup) : backUp(backup));
    await pause(200 + Math.random() * 800);
    await team.leave();
    await server.kill();
    putInPlace(backup);
    ledger.restored();
    await server.start();
    await pause(AWAY_MS);
    await team.comeBack();
    await within(RECOVERY_MS, () => ledger.isTold);
    if (!ledger.isTold) break;
    await Promise.all(reads.splice(0));
  }
  await team.stop();
  if (ledger.isTold) await within(RECOVERY_MS, () => ledger.verdict().missing === 0);
  await Promise.all(reads);
  const result = ledger.verdict();
  await team.close();
  await server.kill();
  return result;
}

/** As an operator does it, while the server runs. */
async function backUp(backup: string): Promise<void> {
  mkdirSync(backup);
  const target = join(backup, 'messages.db');
  await promisify(execFile)(process.execPath, [COMMAND, 'store', 'backup', target, '--store', file]);
}

/** A copy that has the epoch of the original. */
async function copyAsItIs(server: ServerProcess, backup: string): Promise<void> {
  await server.kill();
  cpSync(place, backup, { recursive: true });
  await server.start();
}

function putInPlace(backup: string): void {
  rmSync(place, { recursive: true });
  cpSync(backup, place, { recursive: true });
}

/** What an application does after a gap. For a device over UDP the other device of its user does it. */
async function readHistory(team: Team, device: DevicePlan, ledger: RestoredLedger): Promise<void> {
  const { userId, transport } = device;
  const reader = transport === 'udp' ? TEAM.find((other) => other.userId === userId) : device;
  for (const conversation of USERS.filter((other) => other !== userId)) {
    for (let before: number | undefined; ; ) {
      const { messages, hasMore } = await team
        .clientOf(reader ?? device)
        .history({ conversation, before, limit: 100 });
      for (const { content } of messages) ledger.readFromHistory(userId, content);
      before = messages.at(-1)?.id;
      if (!hasMore || before === undefined) break;
    }
  }
}

async function within(ms: number, isDone: () => boolean): Promise<void> {
  const until = performance.now() + ms;
  while (!isDone() && performance.now() < until) await pause(50);
}
