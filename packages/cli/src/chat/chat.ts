import { createClient, silentLogger } from '@imcore/client/node';
import { CommandError } from '../command-error.js';
import { type EndpointFlags, endpointOf } from '../endpoint.js';
import { createStyle } from '../terminal/style.js';
import { ChatSession } from './chat-session.js';
import { followKeys } from './follow-keys.js';
import { followLines } from './follow-lines.js';
import { PlainScreen } from './plain-screen.js';
import { TerminalScreen } from './terminal-screen.js';

/** Flags of `imcore chat`. */
export interface ChatFlags extends EndpointFlags {
  readonly user: string;
  readonly to?: string | undefined;
  readonly token?: string | undefined;
  /** Seconds to retry until the first connection is established. */
  readonly wait?: string | undefined;
}

const MAX_WAIT_SECONDS = 86_400;

/**
 * Chats in the terminal, or line by line if input or output is not a terminal. Resolves with the exit code.
 *
 * @throws CommandError for invalid flags.
 */
export async function chat(flags: ChatFlags): Promise<number> {
  const { transport, url } = endpointOf(flags);
  const client = createClient({ transport, connectTimeoutMs: waitMs(flags.wait), logger: silentLogger });
  const token = flags.token ?? process.env['IMCORE_TOKEN'];
  const common = { client, context: { user: flags.user, url }, token, to: flags.to };
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb';
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

function waitMs(seconds: string | undefined): number {
  if (seconds === undefined) return 30_000;
  const value = Number(seconds);
  if (seconds.trim() !== '' && value >= 1 && value <= MAX_WAIT_SECONDS) return Math.round(value * 1000);
  throw new CommandError(
    `--wait must be a number of seconds from 1 to ${MAX_WAIT_SECONDS}, got ${JSON.stringify(seconds)}`,
  );
}
