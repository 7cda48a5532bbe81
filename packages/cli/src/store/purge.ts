import type { StoreId } from '@imcore/server/ports';
import { parseAge } from './parse-age.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

export interface PurgeFlags extends StoreFlags {
  readonly olderThan: string;
  readonly user?: string;
}

/** Rows of one transaction: a server beside waits no longer than for these. */
const PAGE = 500;

/** Deletes what was accepted too long ago, waiting or dead. */
export async function purge(
  flags: PurgeFlags,
  output: Output = terminal,
  now: () => number = Date.now,
): Promise<void> {
  const before = now() - parseAge(flags.olderThan);
  await withStore(flags, async (tools) => {
    let deleted = 0;
    let pages = 0;
    let after: StoreId | undefined;
    do {
      const page = await tools.purge(before, after, PAGE, flags.user);
      deleted += page.deleted;
      after = page.next;
      pages += 1;
      if (pages % 20 === 0) output.notice(`${pages * PAGE} looked at, ${deleted} deleted\n`);
    } while (after !== undefined);
    output.out(flags.json === true ? JSON.stringify({ deleted }) : `${deleted} messages were deleted`);
  });
}
