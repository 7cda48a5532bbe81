import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders whose subfolders are versions, or formulas, of PostgreSQL. */
const POSTGRES_PARENTS = [
  '/usr/lib/postgresql',
  '/opt/homebrew/opt',
  '/usr/local/opt',
  '/Applications/Postgres.app/Contents/Versions',
  '/usr',
];

/** The folder with the programs of PostgreSQL: one of the PATH, otherwise the newest version in the folders that packages use. */
export function findPostgres(): string | undefined {
  const versions = POSTGRES_PARENTS.flatMap((parent) =>
    subfolders(parent)
      .filter((name) => /^(?:postgresql(?:@\d+)?|pgsql-\d+|\d+|latest)$/.test(name))
      .sort((a, b) => versionOf(b) - versionOf(a))
      .map((name) => join(parent, name, 'bin')),
  );
  return [...pathFolders(), ...versions].find((folder) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(folder, program))),
  );
}

/** The file of the NATS server. Debian installs it in `/usr/sbin`, which is not in the PATH of every user. */
export function findNats(): string | undefined {
  return [...pathFolders(), '/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']
    .map((folder) => join(folder, 'nats-server'))
    .find((file) => existsSync(file));
}

function pathFolders(): string[] {
  return (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

function subfolders(parent: string): string[] {
  return existsSync(parent) ? readdirSync(parent) : [];
}

function versionOf(name: string): number {
  return Number(/\d+$/.exec(name)?.[0] ?? 0);
}
