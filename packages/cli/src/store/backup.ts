import { statSync } from 'node:fs';
import { CommandError } from '../command-error.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

/** Copies a store to a new file, while a server goes on. */
export async function backup(target: string, flags: StoreFlags, output: Output = terminal): Promise<void> {
  await withStore(flags, async (tools) => {
    if (tools.backup === undefined) throw new CommandError('this store has backups of its own');
    let told = 0;
    await tools.backup(target, ({ done, total }) => {
      const percent = total === 0 ? 100 : Math.floor((done * 100) / total);
      if (percent < told + 10) return;
      told = percent;
      output.notice(`${percent} %\n`);
    });
    const bytes = statSync(target).size;
    output.out(
      flags.json === true ? JSON.stringify({ target, bytes }) : `${target} is written: ${bytes} bytes`,
    );
  });
}
