import type { MessageStore } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import { appending } from './message-store/appending.js';
import { bounds } from './message-store/bounds.js';
import { confirming } from './message-store/confirming.js';
import { deadLetters } from './message-store/dead-letters.js';
import { displacing } from './message-store/displacing.js';
import { expiry } from './message-store/expiry.js';
import {
  type CreateMessageStore,
  type CreateStorePair,
  NOON,
  type OpenStore,
  type Section,
} from './message-store/fixture.js';
import { health } from './message-store/health.js';
import { history } from './message-store/history.js';
import { oddities } from './message-store/oddities.js';
import { queues } from './message-store/queues.js';
import { sharing } from './message-store/sharing.js';

const SECTIONS = {
  appending,
  queues,
  confirming,
  bounds,
  displacing,
  expiry,
  deadLetters,
  history,
  health,
  oddities,
} satisfies Readonly<Record<string, Section>>;

/**
 * What every {@link MessageStore} must do: keep the order of each receiver, store nothing twice, remove only what was
 * confirmed, move what expired or was displaced to the dead letters, and recognize duplicates for `rememberMs`.
 *
 * @param createPair for a store that several servers can share. Without it, the suite checks that the store has no `shared`.
 */
export function describeMessageStore(
  name: string,
  create: CreateMessageStore,
  createPair?: CreateStorePair,
): void {
  describe(`message store contract: ${name}`, () => {
    const stores: MessageStore[] = [];
    afterEach(async () => {
      for (const store of stores.splice(0)) await store.close();
    });
    const open: OpenStore = async (retention = {}, wallTime = () => NOON) => {
      const store = await create({ retention, wallTime });
      stores.push(store);
      return store;
    };
    for (const [section, define] of Object.entries(SECTIONS)) describe(section, () => define(open));
    describe('sharing', () => {
      if (createPair === undefined) {
        it('is not offered', async () => expect((await open()).shared).toBeUndefined());
        return;
      }
      sharing(async (retention = {}, wallTime = () => NOON) => {
        const pair = await createPair({ retention, wallTime });
        stores.push(...pair);
        return pair;
      });
    });
  });
}
