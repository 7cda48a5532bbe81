import { type Command, Option } from 'commander';
import type { DeadFlags } from './dead-letters.js';
import type { ListFlags } from './list.js';
import type { PurgeFlags } from './purge.js';
import type { StoreFlags } from './with-store.js';

const storeOption = () =>
  new Option('--store <file>', 'the store: a file; or in IMCORE_STORE').env('IMCORE_STORE');

/** `imcore store …`: what an operator does with the messages that wait. */
export function addStoreCommands(program: Command): void {
  const store = program
    .command('store')
    .description('look after the messages that wait, while a server runs or while none does');

  store
    .command('stats')
    .description('how much waits, for whom most, and since when')
    .addOption(storeOption())
    .option('--top <number>', 'users to show', '10')
    .option('--json', 'one JSON object')
    .action(async (flags: StoreFlags & { readonly top: string }) => {
      await (await import('./stats.js')).stats(flags);
    });
  store
    .command('list')
    .description('the messages that wait for a user, oldest first')
    .addOption(storeOption())
    .requiredOption('--user <id>', 'whose mailbox')
    .option('--dead', 'dead letters instead')
    .option('--after <id>', 'only those behind this one')
    .option('--limit <number>', 'messages to show', '100')
    .option('--json', 'one JSON object a line, with the whole content')
    .action(async (flags: ListFlags) => {
      await (await import('./list.js')).list(flags);
    });
  store
    .command('dead')
    .description('the dead letters of all users, or of one')
    .addOption(storeOption())
    .option('--user <id>', 'only of this user')
    .option('--after <id>', 'only those behind this one')
    .option('--limit <number>', 'letters to show', '100')
    .option('--json', 'one JSON object a line, with the whole content')
    .action(async (flags: Omit<ListFlags, 'dead'>) => {
      await (await import('./list.js')).list({ ...flags, dead: true });
    });
  for (const [name, words] of [
    ['resend', 'let dead letters wait again'],
    ['discard', 'delete dead letters'],
  ] as const) {
    store
      .command(name)
      .description(words)
      .argument('[ids...]', 'ids of dead letters, as "imcore store dead" shows them')
      .addOption(storeOption())
      .option('--user <id>', 'all of this user')
      .option('--all', 'all there are')
      .option('--json', 'one JSON object')
      .action(async (ids: string[], flags: DeadFlags) => {
        await (await import('./dead-letters.js')).treatDeadLetters(name, ids, flags);
      });
  }
  store
    .command('purge')
    .description('delete messages that wait, and dead letters, that are older than an age')
    .addOption(storeOption())
    .requiredOption('--older-than <age>', 'as 30d, 12h, 45m or 90s')
    .option('--user <id>', 'only of this user')
    .option('--json', 'one JSON object')
    .action(async (flags: PurgeFlags) => {
      await (await import('./purge.js')).purge(flags);
    });
  store
    .command('backup')
    .description('copy the store to a new file')
    .argument('<target>', 'the new file')
    .addOption(storeOption())
    .option('--json', 'one JSON object')
    .action(async (target: string, flags: StoreFlags) => {
      await (await import('./backup.js')).backup(target, flags);
    });
}
