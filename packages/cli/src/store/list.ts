import type { DeadLetter, Entry } from '@imcore/server/ports';
import { wholeNumber } from '../whole-number.js';
import { describeMessage, messageAsJson, numberOf } from './describe-message.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

export interface ListFlags extends StoreFlags {
  /** Absent for the dead letters of all users. */
  readonly user?: string;
  readonly dead?: boolean;
  /** A position in the user's log, or the number of a dead letter. */
  readonly after?: string;
  readonly limit: string;
}

const PAGE = 500;

/** Lists the messages that wait for a user, or dead letters: oldest first, one per line. */
export async function list(flags: ListFlags, output: Output = terminal): Promise<void> {
  const { user, dead = false, json = false } = flags;
  const limit = wholeNumber('--limit', flags.limit);
  const after = flags.after === undefined ? 0 : wholeNumber('--after', flags.after, 0);
  await withStore(flags, async (tools) => {
    const read = (from: number, size: number): Promise<readonly (Entry | DeadLetter)[]> =>
      dead || user === undefined ? tools.deadLetters(from, size, user) : tools.waiting(user, from, size);
    let last = after;
    for (let left = limit; left > 0; ) {
      const page = await read(last, Math.min(PAGE, left));
      for (const message of page) output.out(json ? messageAsJson(message) : describeMessage(message));
      const end = page.at(-1);
      if (end !== undefined) last = numberOf(end);
      left -= page.length;
      if (page.length === 0) return;
    }
    const [more] = await read(last, 1);
    if (more !== undefined) output.notice(`More messages follow: continue with --after ${last}\n`);
  });
}
