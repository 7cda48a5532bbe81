import { type Command, Option } from 'commander';
import type { DeadFlags } from './dead-letters.js';
import type { ListFlags } from './list.js';
import type { PurgeFlags } from './purge.js';
import type { StoreFlags } from './with-store.js';

const storeOption = () => new Option('--store <file>', 'SQLite file of the store').env('IMCORE_STORE');

/** Adds the commands `imcore store …` for operators. */
export function addStoreCommands(program: Command): void {
  const store = program
    .command('store')
    .description('inspect and maintain stored messages, also while a server runs');

  store
    .command('stats')
    .description('show the number, size and age of waiting messages, and the users for whom most wait')
    .addOption(storeOption())
    .option('--top <number>', 'number of users to show', '10')
    .option('--json', 'print one JSON object')
    .action(async (flags: StoreFlags & { readonly top: string }) => {
      await (await import('./stats.js')).stats(flags);
    });
  store
    .command('list')
    .description('list the messages that wait for a user, oldest first')
    .addOption(storeOption())
    .requiredOption('--user <id>', 'user ID')
    .option('--dead', "list the user's dead letters instead")
    .option('--after <id>', 'start after this position, or with --dead after this number of a dead letter')
    .option('--limit <number>', 'maximum number of messages', '100')
    .option('--json', 'print one JSON object per line, with the full content')
    .action(async (flags: ListFlags) => {
      await (await import('./list.js')).list(flags);
    });
  store
    .command('dead')
    .description('list the dead letters of all users, or of one user')
    .addOption(storeOption())
    .option('--user <id>', 'only those of this user')
    .option('--after <id>', 'start after this number of a dead letter')
    .option('--limit <number>', 'maximum number of dead letters', '100')
    .option('--json', 'print one JSON object per line, with the full content')
    .action(async (flags: Omit<ListFlags, 'dead'>) => {
      await (await import('./list.js')).list({ ...flags, dead: true });
    });
  for (const [name, description] of [
    ['resend', 'append dead letters to the logs of their receivers again'],
    ['discard', 'delete dead letters'],
  ] as const) {
    store
      .command(name)
      .description(description)
      .argument('[ids...]', 'numbers of dead letters, as shown by "imcore store dead"')
      .addOption(storeOption())
      .option('--user <id>', 'all dead letters of this user')
      .option('--all', 'all dead letters')
      .option('--json', 'print one JSON object')
      .action(async (ids: string[], flags: DeadFlags) => {
        await (await import('./dead-letters.js')).changeDeadLetters(name, ids, flags);
      });
  }
  store
    .command('purge')
    .description('delete old waiting messages and dead letters')
    .addOption(storeOption())
    .requiredOption('--older-than <age>', 'minimum age: 30d, 12h, 45m or 90s')
    .option('--user <id>', 'only those of this user')
    .option('--json', 'print one JSON object')
    .action(async (flags: PurgeFlags) => {
      await (await import('./purge.js')).purge(flags);
    });
  store
    .command('repair')
    .description(
      'repair a write-ahead log that is damaged or belongs to another file (a copy is kept), and the logs of users',
    )
    .addOption(storeOption())
    .option('--json', 'print one JSON object')
    .action(async (flags: StoreFlags) => {
      await (await import('./repair.js')).repair(flags);
    });
  store
    .command('backup')
    .description('copy the store to a new file')
    .argument('<target>', 'path of the new file')
    .addOption(storeOption())
    .option('--json', 'print one JSON object')
    .action(async (target: string, flags: StoreFlags) => {
      await (await import('./backup.js')).backup(target, flags);
    });
}
