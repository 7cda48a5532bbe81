import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A fenced block of a document. */
interface Block {
  readonly language: string;
  readonly text: string;
}

/** A command of a documented session, and its documented output. */
interface Step {
  readonly command: string;
  readonly output: string;
}

export function blocksOf(document: string): Block[] {
  const text = readFileSync(fileURLToPath(new URL(`../../${document}`, import.meta.url)), 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', body = '']) => ({
    language,
    text: body,
  }));
}

/** The commands of a block: lines that begin with `$ `, each followed by its output. */
export function stepsOf(text: string): Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      return { command: part.slice(0, end), output: part.slice(end + 1).trimEnd() };
    });
}

/** The output of a command in a shell. */
export async function shell(command: string): Promise<string> {
  const { stdout } = await run('bash', ['-c', command.replace(/^curl /, 'curl -sS ')]);
  return stdout.trimEnd();
}

/** Replaces values that differ from run to run. */
export function steady(output: string): string {
  return output
    .replaceAll(/"(firstLoginTime|remotePort)":\d+/g, '"$1":0')
    .replaceAll(/"fingerprint":"[^"]*"/g, '"fingerprint":"…"');
}
