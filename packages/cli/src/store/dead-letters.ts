import type { DeadLetterId, StoreTools } from '@imcore/server/ports';
import { CommandError } from '../command-error.js';
import { wholeNumber } from '../whole-number.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

export interface DeadFlags extends StoreFlags {
  readonly user?: string;
  readonly all?: boolean;
}

const PAGE = 500;

/** Resends or deletes dead letters: the given ones, all of a user, or all. */
export async function changeDeadLetters(
  how: 'resend' | 'discard',
  names: readonly string[],
  flags: DeadFlags,
  output: Output = terminal,
  now: () => number = Date.now,
): Promise<void> {
  const ids = names.map((name) => wholeNumber('The number of a dead letter', name));
  const ways = [ids.length > 0, flags.user !== undefined, flags.all === true].filter(Boolean).length;
  if (ways !== 1) throw new CommandError('Give exactly one of: numbers of dead letters, --user, --all');
  await withStore(flags, async (tools) => {
    const change = (page: readonly DeadLetterId[]) =>
      how === 'resend' ? tools.resend(page, now()) : tools.discard(page);
    const { asked, done } = await changePages(tools, ids, flags.user, change, output);
    const verb = how === 'resend' ? 'resent' : 'deleted';
    if (flags.json === true) output.out(JSON.stringify({ asked, done }));
    else output.out(`${verb} ${done} of ${asked} dead letters`);
  });
}

async function changePages(
  tools: StoreTools,
  ids: readonly DeadLetterId[],
  user: string | undefined,
  change: (page: readonly DeadLetterId[]) => Promise<number>,
  output: Output,
): Promise<{ readonly asked: number; readonly done: number }> {
  if (ids.length > 0) return { asked: ids.length, done: await change(ids) };
  let asked = 0;
  let done = 0;
  let after: DeadLetterId = 0;
  for (;;) {
    const page = (await tools.deadLetters(after, PAGE, user)).map(({ id }) => id);
    if (page.length === 0) return { asked, done };
    done += await change(page);
    asked += page.length;
    after = page.at(-1) ?? after;
    if (asked % (PAGE * 20) === 0) output.notice(`${asked} processed\n`);
  }
}
