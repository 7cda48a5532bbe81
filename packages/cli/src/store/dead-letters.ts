import type { StoreId, StoreTools } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';
import { wholeNumber } from '../whole-number.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

export interface DeadFlags extends StoreFlags {
  readonly user?: string;
  readonly all?: boolean;
}

const PAGE = 500;

/** Lets dead letters wait again, or deletes them: those that are named, all of a user, or all. */
export async function treatDeadLetters(
  how: 'resend' | 'discard',
  names: readonly string[],
  flags: DeadFlags,
  output: Output = terminal,
  now: () => number = Date.now,
): Promise<void> {
  const ids = names.map((name) => wholeNumber('an id', name));
  const ways = [ids.length > 0, flags.user !== undefined, flags.all === true].filter(Boolean).length;
  if (ways !== 1)
    throw new CommandError('which dead letters?', 'Give ids, or --user, or --all: one of them.');
  await withStore(flags, async (tools) => {
    const treat = (page: readonly StoreId[]) =>
      how === 'resend' ? tools.resend(page, now()) : tools.discard(page);
    const { asked, done } = await treatPages(tools, ids, flags.user, treat, output);
    const words = how === 'resend' ? 'wait again' : 'were deleted';
    if (flags.json === true) output.out(JSON.stringify({ asked, done }));
    else output.out(`${done} of ${asked} dead letters ${words}`);
  });
}

async function treatPages(
  tools: StoreTools,
  ids: readonly StoreId[],
  user: string | undefined,
  treat: (page: readonly StoreId[]) => Promise<number>,
  output: Output,
): Promise<{ readonly asked: number; readonly done: number }> {
  if (ids.length > 0) return { asked: ids.length, done: await treat(ids) };
  let asked = 0;
  let done = 0;
  let after: StoreId | undefined;
  for (;;) {
    const page = (await tools.deadLetters(after, PAGE, user)).map(({ id }) => id);
    if (page.length === 0) return { asked, done };
    done += await treat(page);
    asked += page.length;
    after = page.at(-1);
    if (asked % (PAGE * 20) === 0) output.notice(`${asked} looked at\n`);
  }
}
