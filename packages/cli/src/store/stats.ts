import { printableLine } from '@imcore/server/ports';
import { wholeNumber } from '../whole-number.js';
import { timeOf } from './describe-message.js';
import { type Output, type StoreFlags, terminal, withStore } from './with-store.js';

export interface StatsFlags extends StoreFlags {
  readonly top: string;
}

/** Shows the number, size and age of waiting messages, and the users for whom most wait. */
export async function stats(flags: StatsFlags, output: Output = terminal): Promise<void> {
  const top = wholeNumber('--top', flags.top, 0);
  await withStore(flags, async (tools) => {
    const { waiting, waitingBytes, deadLetters } = await tools.health();
    const oldest = await tools.oldestAcceptedAt();
    const queues = await tools.queues(top);
    if (flags.json === true) {
      output.out(
        JSON.stringify({ waiting, waitingBytes, deadLetters, oldestAcceptedAt: oldest ?? null, queues }),
      );
      return;
    }
    output.out(`waiting       ${waiting} messages, ${waitingBytes} bytes`);
    output.out(`oldest        ${oldest === undefined ? 'none' : timeOf(oldest)}`);
    output.out(`dead letters  ${deadLetters}`);
    for (const { userId, messages, bytes } of queues)
      output.out(`  ${printableLine(userId)}  ${messages} messages, ${bytes} bytes`);
  });
}
