import { type LogAction, LogReceiver } from '@imcore/protocol';
import { Feed } from '../../../packages/server/src/feeds/feed.js';
import { replace } from '../replace.js';
import type { LogLoss } from './log-loss.js';

/** What brings back a lost entry: a request after a hole, `last` in keep-alive responses, going back after a wait. */
export type Healer = 'hole' | 'last' | 'go-back';

/**
 * Losses that every healer can make up for. A request after a hole must arrive, and positions, or the window closes; and so must what
 * follows a lost entry, or nobody sees that it is missing.
 */
export const HEALABLE: Readonly<Record<Healer, LogLoss>> = {
  hole: { toClient: 0.25, toServer: 0, neverTwice: true },
  last: { toClient: 0.25, toServer: 0.25 },
  'go-back': { toClient: 0.25, toServer: 0.25 },
};

/** Turns all other healers off. Returns what turns them on again. */
export function onlyHealedBy(...healers: readonly Healer[]): () => void {
  const off: (() => void)[] = [];
  if (!healers.includes('hole')) off.push(...withoutRequests());
  if (!healers.includes('last')) off.push(replace(LogReceiver.prototype, 'keptAlive', () => []));
  if (!healers.includes('go-back')) off.push(...withoutGoingBack());
  return () => {
    for (const restore of off) restore();
  };
}

/** A device does not ask for what is missing before an entry. */
function withoutRequests(): (() => void)[] {
  const asked = <Entry>(actions: LogAction<Entry>[]): LogAction<Entry>[] =>
    actions.filter((action) => action.kind !== 'sync' || action.cause !== 'hole');
  const { answered, received, skipped, stored, poll } = LogReceiver.prototype;
  return [
    replace(LogReceiver.prototype, 'answered', function (this: LogReceiver<unknown>, ...given) {
      return asked(answered.apply(this, given));
    }),
    replace(LogReceiver.prototype, 'received', function (this: LogReceiver<unknown>, ...given) {
      return asked(received.apply(this, given));
    }),
    replace(LogReceiver.prototype, 'skipped', function (this: LogReceiver<unknown>, ...given) {
      return asked(skipped.apply(this, given));
    }),
    replace(LogReceiver.prototype, 'stored', function (this: LogReceiver<unknown>, ...given) {
      return asked(stored.apply(this, given));
    }),
    replace(LogReceiver.prototype, 'poll', function (this: LogReceiver<unknown>, ...given) {
      return asked(poll.apply(this, given));
    }),
  ];
}

/** A feed waits for an acknowledgement for ever. */
function withoutGoingBack(): (() => void)[] {
  const forEver = (feed: Pick<Feed<never>, 'retryWaitChanged'>): void =>
    feed.retryWaitChanged(Number.POSITIVE_INFINITY);
  const { appended, acknowledged, synced } = Feed.prototype;
  return [
    replace(Feed.prototype, 'appended', function (this: Feed<never>, ...given) {
      forEver(this);
      return appended.apply(this, given);
    }),
    replace(Feed.prototype, 'acknowledged', function (this: Feed<never>, ...given) {
      forEver(this);
      return acknowledged.apply(this, given);
    }),
    replace(Feed.prototype, 'synced', function (this: Feed<never>, ...given) {
      forEver(this);
      return synced.apply(this, given);
    }),
  ];
}
