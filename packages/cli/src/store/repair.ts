import { fileOf, type Output, type StoreFlags, storeErrors, terminal } from './with-store.js';

/** Makes a store usable whose write-ahead log is damaged or belongs to another file, or whose users' logs are damaged. No server may run. */
export async function repair(flags: StoreFlags, output: Output = terminal): Promise<void> {
  const file = fileOf(flags);
  const { repairSqliteStore } = await import('@imcore/store-sqlite');
  const repaired = await storeErrors(async () => repairSqliteStore(file));
  if (flags.json === true) output.out(JSON.stringify(repaired ?? { problem: null }));
  else if (repaired === undefined) output.out('nothing to repair');
  else if (repaired.copy === undefined) output.out(`repaired: ${repaired.problem}`);
  else output.out(`repaired: ${repaired.problem}. The log is kept in ${repaired.copy}`);
}
