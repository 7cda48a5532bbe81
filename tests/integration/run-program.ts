import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The address that such a program imports a built file of a package by, `server/dist/index.js` for example. */
export const built = (path: string): string => new URL(`../../packages/${path}`, import.meta.url).href;

/**
 * Runs a module in a process of its own, whose heap and whose V8 no other test has touched. Resolves with what it writes.
 * Ended after a minute at the latest, which rejects.
 */
export async function runProgram(text: string, ...flags: string[]): Promise<string> {
  const command = [...flags, '--input-type=module', '--eval', text];
  const { stdout } = await run(process.execPath, command, { timeout: 60_000 });
  return stdout;
}
