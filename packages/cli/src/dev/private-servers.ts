import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
 * Starts PostgreSQL with an empty database and a random password: whoever can log in may start programs as the user that it runs
 * as. It does not run as root: then it runs as the user `postgres`, or `nobody`.
 *
 * @throws DevError `ERR_PROGRAM_FAILED`
 */
export async function startPostgres(programs: string, port: number): Promise<PrivateServer> {
  const owner = process.getuid?.() === 0 ? ordinaryUser() : undefined;
  const password = randomBytes(16).toString('hex');
  const url = `postgres://postgres:${password}@${LOOPBACK}:${port}/postgres`;
  return inFolder('SIGINT', url, async (folder) => {
    const [data, passwordFile] = [join(folder, 'data'), join(folder, 'password')];
    mkdirSync(data, { mode: 0o700 });
    writeFileSync(passwordFile, password, { mode: 0o600 });
    if (owner !== undefined)
      for (const path of [folder, data, passwordFile]) chownSync(path, owner.uid, owner.gid);
    const options: Omit<ProgramOptions, 'file' | 'args'> = { folder, owner };
    const login = ['-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
    const settings = ['-D', data, ...login, '-E', 'UTF8', '--locale=C', '--no-sync'];
    await Program.start({ ...options, file: join(programs, 'initdb'), args: settings });
    rmSync(passwordFile);
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
