import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findPostgres } from '../../../../packages/cli/dist/dev/find-program.js';
import type { PrivateServer } from '../../../../packages/cli/dist/dev/private-server.js';
import { createPostgres } from '../../../../packages/cli/dist/dev/private-servers.js';
import { stablePort } from '../stable-port.js';
import { pause } from '../traffic.js';

const PROGRAMS = findPostgres();
const run = promisify(execFile);

/** A clean end writes everything to the disk: how long that may take, in milliseconds. */
const STOP_MS = 60_000;

/** Whether this machine can run a PostgreSQL server. */
export const hasPostgresServer = PROGRAMS !== undefined;

/** A PostgreSQL server that only this proof uses and may stop. */
export class PrivatePostgres {
  readonly #server: PrivateServer;

  private constructor(server: PrivateServer) {
    this.#server = server;
  }

  static async make(): Promise<PrivatePostgres> {
    return new PrivatePostgres(await createPostgres(PROGRAMS ?? '', await stablePort()));
  }

  get url(): string {
    return this.#server.url;
  }

  async start(): Promise<void> {
    // After a crash the shared memory may be in use for a moment.
    for (let left = 20; ; left -= 1) {
      try {
        await this.#server.start();
        return;
      } catch (error) {
        if (left === 0) throw error;
        await pause(100);
      }
    }
  }

  /** `fast` closes connections cleanly; `immediate` is a crash, and the next start recovers. */
  stop(mode: 'fast' | 'immediate'): Promise<void> {
    return this.#server.stop(mode === 'fast' ? 'SIGINT' : 'SIGQUIT', STOP_MS);
  }

  /** Number of messages that wait for their receivers. */
  async countWaiting(): Promise<number> {
    const sql = 'SELECT coalesce(sum(sent - gone), 0) FROM imcore.user_log JOIN imcore.log_state USING (no)';
    const { stdout } = await run('psql', [this.url, '-Atc', sql]);
    return Number(stdout.trim());
  }

  /** The users with waiting messages, and their entries: a line for each. */
  async describeWaiting(): Promise<string> {
    const entries =
      'SELECT json_agg(json_build_object(' +
      "'position', position, 'from', encode(sender, 'escape'), 'acceptedAt', accepted_at, 'taken', taken, 'inLog', in_log)) " +
      'FROM imcore.log_message WHERE receiver = no';
    const sql =
      `SELECT encode(id, 'escape'), 'last', last, 'sent', sent, 'gone', gone, 'v6', v6, (${entries}) ` +
      'FROM imcore.user_log JOIN imcore.log_state USING (no) WHERE sent <> gone';
    const { stdout } = await run('psql', [this.url, '-AtF ', '-c', sql]);
    return stdout;
  }

  async remove(): Promise<void> {
    await this.stop('immediate');
    await this.#server.remove();
  }
}
