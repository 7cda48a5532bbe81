import { createClient, silentLogger, type Transport } from '@imcore/client/node';
import { systemClock } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';
import { type EndpointFlags, endpointOf } from '../endpoint.js';
import { createStyle } from '../terminal/style.js';
import { wholeNumber } from '../whole-number.js';
import { ChatSession } from './chat-session.js';
import { MAX_HISTORY } from './commands.js';
import { followKeys } from './follow-keys.js';
import { followLines } from './follow-lines.js';
import { deviceFolders, type OpenDevice, openDevice } from './open-device.js';
import { PlainScreen } from './plain-screen.js';
import { TerminalScreen } from './terminal-screen.js';

/** Flags of `imcore chat`. */
export interface ChatFlags extends EndpointFlags {
  readonly user: string;
  readonly to?: string | undefined;
  readonly token?: string | undefined;
  /** Seconds to retry until the first connection is established. */
  readonly wait?: string | undefined;
  /** Folder in which this program is a device; false: it is none. Undefined: a folder in the user's state, on a terminal. */
  readonly device?: string | boolean | undefined;
  /** How many earlier messages are shown. */
  readonly history?: string | undefined;
}

const DEFAULT_HISTORY_LINES = 10;
const MAX_WAIT_SECONDS = 86_400;

/**
 * Chats in the terminal, or line by line if input or output is not a terminal. Resolves with the exit code.
 *
 * @throws CommandError for invalid flags.
 */
export async function chat(flags: ChatFlags): Promise<number> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb';
  const { transport, url } = endpointOf(flags);
  const { user } = flags;
  const parts = { transport, connectTimeoutMs: waitMs(flags.wait), user };
  const historyLines = wholeNumber(
    '--history',
    flags.history ?? String(DEFAULT_HISTORY_LINES),
    0,
    MAX_HISTORY,
  );
  const folders = deviceFolders(flags.device, url, isTerminal, process.env);
  const { client, restored } =
    folders === undefined ? withoutDevice(parts) : await openDevice(folders, parts);
  const common = {
    client,
    restored,
    context: { user, url, isDevice: folders !== undefined },
    token: flags.token ?? process.env['IMCORE_TOKEN'],
    to: flags.to,
    clock: systemClock,
    historyLines,
  };
  if (!isTerminal) {
    const screen = new PlainScreen(
      (text) => process.stdout.write(text),
      (text) => process.stderr.write(text),
      Date.now,
    );
    const session = new ChatSession({ ...common, screen });
    return followLines(session, process.stdin);
  }
  const screen = new TerminalScreen(process.stdout, createStyle(process.stdout, process.env), Date.now);
  const session = new ChatSession({ ...common, screen });
  return followKeys(session, screen, process.stdin, process.stdout);
}

function withoutDevice({
  transport,
  connectTimeoutMs,
}: {
  readonly transport: Transport;
  readonly connectTimeoutMs: number;
}): OpenDevice {
  return { client: createClient({ transport, connectTimeoutMs, logger: silentLogger }), restored: [] };
}

function waitMs(seconds: string | undefined): number {
  if (seconds === undefined) return 30_000;
  const value = Number(seconds);
  if (seconds.trim() !== '' && value >= 1 && value <= MAX_WAIT_SECONDS) return Math.round(value * 1000);
  throw new CommandError(
    `--wait must be a number of seconds from 1 to ${MAX_WAIT_SECONDS}, got ${JSON.stringify(seconds)}`,
  );
}
