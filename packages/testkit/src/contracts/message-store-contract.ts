import type { MessageStore } from '@imcore/server/ports';
import { afterEach, describe, expect, it } from 'vitest';
import { advancing } from './message-store/advancing.js';
import { appending } from './message-store/appending.js';
import { bounds } from './message-store/bounds.js';
import { confirming } from './message-store/confirming.js';
import { conversations } from './message-store/conversations.js';
import { deadLetters } from './message-store/dead-letters.js';
import { deviceExpiry } from './message-store/device-expiry.js';
import { devices } from './message-store/devices.js';
import { displacing } from './message-store/displacing.js';
import { duplicates } from './message-store/duplicates.js';
import { echoes } from './message-store/echoes.js';
import { epoch } from './message-store/epoch.js';
import { expiry } from './message-store/expiry.js';
import {
  type CreateMessageStore,
  type CreateStorePair,
  NOON,
  type OpenStore,
  type OpenStorePair,
  type Section,
} from './message-store/fixture.js';
import { health } from './message-store/health.js';
import { history } from './message-store/history.js';
import { oddities } from './message-store/oddities.js';
import { queues } from './message-store/queues.js';
import { randomized } from './message-store/randomized.js';
import { removing } from './message-store/removing.js';
import { sharing } from './message-store/sharing.js';
import { sharingPositions } from './message-store/sharing-positions.js';
import { trimming } from './message-store/trimming.js';
import { waiting } from './message-store/waiting.js';

const SECTIONS = {
  appending,
  duplicates,
  queues,
  confirming,
  devices,
  advancing,
  waiting,
  echoes,
  removing,
  trimming,
  deviceExpiry,
  bounds,
  displacing,
  expiry,
  deadLetters,
  history,
  conversations,
  health,
  epoch,
  oddities,
  randomized,
} satisfies Readonly<Record<string, Section>>;

/**
 * What every {@link MessageStore} must do: give the entries of each log dense positions, store nothing twice, remove only what
 * every device has taken, move what expired or was displaced to the dead letters, and recognize duplicates for `rememberMs`.
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
      const openPair: OpenStorePair = async (retention = {}, wallTime = () => NOON) => {
        const pair = await createPair({ retention, wallTime });
        stores.push(...pair);
        return pair;
      };
      sharing(openPair);
      sharingPositions(openPair);
    });
  });
}
