import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { shownCluster } from '../serve/open-cluster.js';
import { shownStore } from '../serve/open-store.js';
import { DevError } from './dev-error.js';
import type { DevSettings } from './dev-settings.js';
import { findNats, findPostgres } from './find-program.js';
import { LOOPBACK, pickPort } from './ports.js';
import type { PrivateServer } from './private-server.js';
import { createNats, createPostgres } from './private-servers.js';

/** The database and the bus of the nodes. */
export interface Backend {
  /** URL of the database. */
  readonly store: string;
  /** URL of the NATS server, or of the database that is also the bus. */
  readonly bus: string;
  /** Both as text for people, without passwords. */
  readonly shown: { readonly store: string; readonly bus: string };
  /** Calls `tell` when a server that was started here ends by itself. */
  onEnd(tell: (reason: string) => void): void;
  /** Stops and removes what was started here. */
  close(): Promise<void>;
}

const NATS_PORT = 4222;

/**
 * Opens what the settings name. Otherwise starts private servers if their programs are on this machine, or uses running ones
 * at the usual ports. Without NATS the database is also the bus.
 *
 * @throws DevError `ERR_NO_POSTGRESQL`, `ERR_PROGRAM_FAILED`
 */
export async function openBackend(settings: DevSettings, say: (text: string) => void): Promise<Backend> {
  const opened: PrivateServer[] = [];
  const removals: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const remove of removals.splice(0).reverse()) await remove();
  };
  const start = async (server: PrivateServer): Promise<string> => {
    removals.push(() => server.remove());
    await server.start();
    opened.push(server);
    return server.url;
  };
  try {
    const programs = findPostgres();
    let store = settings.store;
    if (store === undefined && programs !== undefined) {
      say(`Starting PostgreSQL from ${programs} …`);
      store = await start(await createPostgres(programs, await pickPort()));
    } else if (store === undefined) {
      const temporary = await createTemporaryDatabase();
      removals.push(temporary.drop);
      store = temporary.url;
    }
    let bus = settings.cluster === 'postgres' ? store : settings.cluster;
    const nats = findNats();
    if (bus === undefined && nats !== undefined) {
      say(`Starting ${nats} …`);
      bus = await start(await createNats(nats, await pickPort()));
    }
    bus ??= (await isNatsAt(NATS_PORT)) ? `nats://${LOOPBACK}:${NATS_PORT}` : store;
    return {
      store,
      bus,
      shown: { store: shownStore(store), bus: shownCluster({ cluster: bus, store }) },
      onEnd: (tell) => {
        for (const server of opened) server.onEnd(tell);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A database of its own in the server at the usual port, with the user and password that the variables of PostgreSQL give. */
async function createTemporaryDatabase(): Promise<{ readonly url: string; drop(): Promise<void> }> {
  const { Client } = (await import('pg')).default;
  const { PGUSER = 'postgres', PGPASSWORD = '', PGPORT = '5432' } = process.env;
  const server = new URL(`postgres://${LOOPBACK}:${PGPORT}/postgres`);
  Object.assign(server, { username: PGUSER, password: PGPASSWORD });
  const execute = async (sql: string): Promise<void> => {
    const client = new Client({ connectionString: server.href, connectionTimeoutMillis: 3000 });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.query(sql);
    } finally {
      await client.end().catch(() => {});
    }
  };
  const name = `imcore_dev_${randomBytes(6).toString('hex')}`;
  await execute(`CREATE DATABASE ${name}`).catch((cause: Error) => {
    throw new DevError(
      'ERR_NO_POSTGRESQL',
      `This machine has no programs of PostgreSQL, and no database can be created at ${server.host}: ${cause.message || 'no answer'}`,
      'Install it (Debian and Ubuntu: apt install postgresql; macOS: brew install postgresql),\n' +
        'start one (docker run --rm -d -e POSTGRES_PASSWORD=im -p 127.0.0.1:5432:5432 postgres),\n' +
        'or give a database with --store postgres://user:password@host/database.',
      { cause },
    );
  });
  const url = Object.assign(new URL(server), { pathname: `/${name}` }).href;
  return { url, drop: () => execute(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

/** Whether a NATS server without a login answers: its first line says whether one is needed. */
async function isNatsAt(port: number): Promise<boolean> {
  const socket = connect(port, LOOPBACK);
  try {
    const [line] = (await once(socket, 'data', { signal: AbortSignal.timeout(1000) })) as [Buffer];
    return line.toString().startsWith('INFO ') && !line.toString().includes('"auth_required":true');
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
