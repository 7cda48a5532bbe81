import type { PurgePage } from '@imcore/server/ports';
import { parseAge } from './parse-age.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

export interface PurgeFlags extends StoreFlags {
  readonly olderThan: string;
  readonly user?: string;
}

/** Rows of one transaction. A running server waits for at most this many. */
const PAGE = 500;

/** Deletes waiting messages and dead letters that were accepted too long ago. */
export async function purge(
  flags: PurgeFlags,
  output: Output = terminal,
  now: () => number = Date.now,
): Promise<void> {
  const before = now() - parseAge(flags.olderThan);
  await withStore(flags, async (tools) => {
    let deleted = 0;
    let pages = 0;
    let after: PurgePage | undefined = 0;
    do {
      const page = await tools.purge(before, after, PAGE, flags.user);
      deleted += page.deleted;
      after = page.next;
      pages += 1;
      if (pages % 20 === 0) output.notice(`${pages * PAGE} processed, ${deleted} deleted\n`);
    } while (after !== undefined);
    output.out(flags.json === true ? JSON.stringify({ deleted }) : `deleted ${deleted} messages`);
  });
}
