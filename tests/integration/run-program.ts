import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The URL of a built file of a package, such as `server/dist/index.js`, for {@link runProgram}. */
export const built = (path: string): string => new URL(`../../packages/${path}`, import.meta.url).href;

/**
 * Runs a module in a new process, so that other tests do not affect its heap and V8. Resolves with its output. Rejects
 * after a minute.
 */
export async function runProgram(text: string, ...flags: string[]): Promise<string> {
  const command = [...flags, '--input-type=module', '--eval', text];
  const { stdout } = await run(process.execPath, command, { timeout: 60_000 });
  return stdout;
}
