import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LOOPBACK } from './ports.js';
import { PrivateServer } from './private-server.js';
import { Program, type ProgramOptions } from './program.js';

/**
 * Creates a PostgreSQL server with an empty database and a random password: whoever can log in may start programs as the user that it
 * runs as. It does not run as root: then it runs as the user `postgres`, or `nobody`. It is not started yet.
 *
 * @param programs the folder of its programs
 * @throws DevError `ERR_PROGRAM_FAILED`
 */
export function createPostgres(programs: string, port: number): Promise<PrivateServer> {
  const owner = process.getuid?.() === 0 ? ordinaryUser() : undefined;
  const password = randomBytes(16).toString('hex');
  const url = `postgres://postgres:${password}@${LOOPBACK}:${port}/postgres`;
  return PrivateServer.create(url, port, 'SIGINT', async (folder) => {
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
    return {
      owner,
      file: join(programs, 'postgres'),
      args: ['-D', data, '-h', LOOPBACK, '-p', String(port), '-k', ''],
      readyText: 'ready to accept connections',
    };
  });
}

/** Creates a NATS server without a login. It is not started yet. `file`: its program. */
export function createNats(file: string, port: number): Promise<PrivateServer> {
  const args = ['-a', LOOPBACK, '-p', String(port)];
  return PrivateServer.create(`nats://${LOOPBACK}:${port}`, port, 'SIGTERM', () => ({
    ...{ file, args, readyText: 'Server is ready' },
  }));
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
