import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LOOPBACK } from './ports.js';
import { Program, type ProgramOptions } from './program.js';

/** A server that only this command uses, in a temporary folder. */
export interface PrivateServer {
  readonly url: string;
  readonly program: Program;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

/**
 * Starts PostgreSQL with an empty database. It does not run as root: then it runs as the user `postgres`, or `nobody`.
 *
 * @throws DevError `ERR_PROGRAM_FAILED`
 */
export async function startPostgres(programs: string, port: number): Promise<PrivateServer> {
  const owner = process.getuid?.() === 0 ? ordinaryUser() : undefined;
  return inFolder('SIGINT', `postgres://postgres@${LOOPBACK}:${port}/postgres`, async (folder) => {
    const data = join(folder, 'data');
    mkdirSync(data, { mode: 0o700 });
    if (owner !== undefined) for (const path of [folder, data]) chownSync(path, owner.uid, owner.gid);
    const options: Omit<ProgramOptions, 'file' | 'args'> = { folder, owner };
    const settings = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
    await Program.start({ ...options, file: join(programs, 'initdb'), args: settings });
    return Program.start({
      ...options,
      file: join(programs, 'postgres'),
      args: ['-D', data, '-h', LOOPBACK, '-p', String(port), '-k', ''],
      readyText: 'ready to accept connections',
    });
  });
}

/** @throws DevError `ERR_PROGRAM_FAILED` */
export async function startNats(file: string, port: number): Promise<PrivateServer> {
  const args = ['-a', LOOPBACK, '-p', String(port)];
  return inFolder('SIGTERM', `nats://${LOOPBACK}:${port}`, (folder) =>
    Program.start({ file, args, folder, readyText: 'Server is ready' }),
  );
}

async function inFolder(
  signal: NodeJS.Signals,
  url: string,
  start: (folder: string) => Promise<Program>,
): Promise<PrivateServer> {
  const folder = mkdtempSync(join(tmpdir(), 'imcore-dev-'));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  try {
    const program = await start(folder);
    return {
      url,
      program,
      async remove() {
        await program.stop(signal);
        removeFolder();
      },
    };
  } catch (error) {
    removeFolder();
    throw error;
  }
}

function ordinaryUser(): { readonly uid: number; readonly gid: number } {
  const idOf = (kind: string, user: string) =>
    Number(execFileSync('id', [kind, user], { stdio: 'pipe' }).toString());
  try {
    return { uid: idOf('-u', 'postgres'), gid: idOf('-g', 'postgres') };
  } catch {
    return { uid: idOf('-u', 'nobody'), gid: idOf('-g', 'nobody') };
  }
}
