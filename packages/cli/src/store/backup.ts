import { statSync } from 'node:fs';
import { CommandError } from '../command-error.js';
import { inSteps } from '../copy-progress.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

/** Copies a store to a new file, also while a server runs. */
export async function backup(target: string, flags: StoreFlags, output: Output = terminal): Promise<void> {
  await withStore(flags, async (tools) => {
    if (tools.backup === undefined) throw new CommandError('This store does not support backups');
    await tools.backup(
      target,
      inSteps((percent) => output.notice(`${percent} %\n`)),
    );
    const bytes = statSync(target).size;
    output.out(flags.json === true ? JSON.stringify({ target, bytes }) : `wrote ${target}, ${bytes} bytes`);
  });
}
