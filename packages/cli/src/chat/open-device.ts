import { homedir, hostname } from 'node:os';
import { join } from 'node:path';
import {
  createClient,
  type DeviceOptions,
  fileOutbox,
  type ImClient,
  OutboxError,
  type OutboxMessage,
  silentLogger,
  type Transport,
} from '@imcore/client/node';
import { CommandError } from '../command-error.js';

/** A client whose outbox is open, and the messages in it. */
export interface OpenDevice {
  readonly client: ImClient;
  readonly restored: readonly OutboxMessage[];
}

interface DeviceParts {
  readonly transport: Transport;
  readonly connectTimeoutMs: number;
  readonly user: string;
}

/** Maximum number of terminals on this machine in which a user is a device; a server keeps ten devices for each user. */
const MAX_TERMINALS = 8;
/** Maximum length of a device's name. */
const MAX_NAME_LENGTH = 64;

/**
 * The folders in which this program may be a device, the first of which that no other program uses; undefined: it is none. Without
 * a terminal it is one only if a folder is given: the log of a user should not wait for scripts.
 *
 * All transports of a host share the folders, so that a change of the transport does not make a new device.
 */
export function deviceFolders(
  given: string | boolean | undefined,
  url: string,
  isTerminal: boolean,
  environment: Readonly<Record<string, string | undefined>>,
): readonly string[] | undefined {
  if (typeof given === 'string') return [given];
  if (given === false || !isTerminal) return undefined;
  const state = environment['XDG_STATE_HOME'];
  const parent = state === undefined || state === '' ? join(homedir(), '.local', 'state') : state;
  const host = encodeURIComponent(new URL(url).hostname);
  return Array.from({ length: MAX_TERMINALS }, (_, index) =>
    join(parent, 'imcore', 'chat', host, `terminal-${index + 1}`),
  );
}

/**
 * Opens the first of these folders that no other program uses.
 *
 * @throws CommandError when all are in use, or one cannot be used.
 */
export async function openDevice(folders: readonly string[], parts: DeviceParts): Promise<OpenDevice> {
  for (const folder of folders) {
    const opened = await tryToOpen(folder, parts);
    if (opened !== undefined) return opened;
  }
  const used = folders.length === 1 ? folders[0] : `${folders[0]} and ${folders.length - 1} more`;
  throw new CommandError(
    `Other programs are devices of ${parts.user} in ${used}`,
    'Choose another folder with --device, or use --no-device.',
  );
}

/** Returns undefined if another program uses the folder. */
async function tryToOpen(
  folder: string,
  { transport, connectTimeoutMs, user }: DeviceParts,
): Promise<OpenDevice | undefined> {
  const outbox = fileOutbox(folder);
  const client = createClient({
    transport,
    connectTimeoutMs,
    logger: silentLogger,
    outbox,
    device: ownDevice(),
  });
  let problem: Error | undefined;
  let restored: readonly OutboxMessage[] = [];
  const offs = [
    client.on('error', (error) => {
      problem ??= error;
    }),
    client.on('restored', ({ messages }) => {
      restored = messages;
    }),
  ];
  await client.openOutbox(user);
  for (const off of offs) off();
  if (problem === undefined) return { client, restored };
  await client.close();
  if (problem instanceof OutboxError && problem.code === 'ERR_OUTBOX_LOCKED') return undefined;
  throw new CommandError(
    `Cannot keep a device in ${folder}: ${problem.message}`,
    'Choose another folder with --device, or use --no-device.',
  );
}

function ownDevice(): DeviceOptions {
  return { kind: 'desktop', name: `imcore chat on ${hostname()}`.slice(0, MAX_NAME_LENGTH) };
}
