import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach } from 'vitest';
import { loadSqlite } from '../src/sqlite-module.js';

/** A program like the `sqlite3` shell: it opens a file and runs SQL on it, one batch for each message. */
const PROGRAM = `
const { DatabaseSync } = require(process.argv[1]);
const database = new DatabaseSync(process.argv[2]);
process.on('message', (sql) => { database.exec(sql); process.send('done'); });
process.on('disconnect', () => process.exit());
`;

/** Another process that has a database file open. */
class OtherProcess {
  readonly #child: ChildProcess;

  constructor(file: string) {
    this.#child = spawn(process.execPath, ['-e', PROGRAM, loadSqlite().specifier, file], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Runs SQL; resolves when it has run. */
  async run(sql: string): Promise<void> {
    this.#child.send(sql);
    await once(this.#child, 'message');
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

/** Returns a function that starts other processes. They are killed after each test. */
export function useOtherProcesses(): (file: string) => OtherProcess {
  const running: OtherProcess[] = [];
  afterEach(async () => {
    for (const process of running.splice(0)) await process.kill();
  });
  return (file) => {
    const process = new OtherProcess(file);
    running.push(process);
    return process;
  };
}
