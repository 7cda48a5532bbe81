import { randomBytes } from 'node:crypto';
import { CommandError } from '../command-error.js';
import { endpointOf } from '../endpoint.js';
import { createStyle } from '../terminal/style.js';
import { CASES } from './cases/index.js';
import { Unmet } from './outcome.js';
import { toJson, toText } from './report.js';
import { type CaseResult, runCases } from './run-cases.js';

/** Flags of `imcore conformance`. */
export interface ConformanceFlags {
  readonly url: readonly string[];
  readonly tlsCa?: string | undefined;
  readonly user: string;
  readonly token?: string | undefined;
  readonly only?: string | undefined;
  readonly timeout: string;
  readonly json?: boolean | undefined;
}

/** Runs `imcore conformance`. Returns the exit code: 0 only if no requirement failed. */
export async function conformance(flags: ConformanceFlags): Promise<number> {
  const { url: urls, tlsCa, user, token = process.env['IMCORE_TOKEN'] ?? '' } = flags;
  const options = {
    userPrefix: `${user}-${randomBytes(4).toString('hex')}`,
    token,
    timeoutMs: timeoutOf(flags.timeout),
    only: onlyOf(flags.only),
  };
  const targets = urls.map((url) => endpointOf({ url, tlsCa }));
  let results: CaseResult[];
  try {
    results = await runCases(targets, options);
  } catch (error) {
    if (!(error instanceof Unmet)) throw error;
    throw new CommandError(
      `Cannot log in: expected ${error.expected}, saw ${error.seen}`,
      'The server must accept any user ID with --token. --user sets how the user IDs begin.',
      { cause: error },
    );
  }
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(toJson(results))}\n`
      : toText(results, createStyle(process.stdout, process.env)),
  );
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}

function timeoutOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 600) return seconds * 1000;
  throw new CommandError(`--timeout must be a number of seconds up to 600, got ${JSON.stringify(text)}`);
}

function onlyOf(text: string | undefined): ReadonlySet<string> | undefined {
  if (text === undefined) return undefined;
  const ids = text.split(',').map((id) => id.trim().toUpperCase());
  const known = [...new Set(CASES.map(({ id }) => id))];
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown === undefined) return new Set(ids);
  throw new CommandError(
    `--only must name cases, got ${JSON.stringify(unknown)}`,
    `Cases: ${known.join(', ')}`,
  );
}
