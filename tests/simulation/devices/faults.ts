import { type LogAction, LogReceiver, withExtension } from '@imcore/protocol';
import type { AppendResult, Entry, MessageStore } from '@imcore/server/ports';
import { wrapStore } from '@imcore/testkit';
import { LocalRoute } from '../../../packages/server/src/delivery/local-route.js';
import { FeedHost } from '../../../packages/server/src/feeds/feed-host.js';
import { MemoryLog } from '../../../packages/server/src/store-memory/memory-log.js';
import { offlineOnReplacement } from '../faults.js';
import { replace } from '../replace.js';
import { wrapServerTransport } from '../wrapped-server-transport.js';
import type { DevicesSeams } from './devices-world.js';
import { HEALABLE, onlyHealedBy } from './healers.js';
import type { DevicesProfile } from './plan.js';

/** A fault that is put into a world on purpose, and the breach that must be reported for it. */
interface DevicesFault {
  readonly name: string;
  readonly detectedAs: RegExp;
  /** The profile of its runs: the one that hides it least. Default: that of the seed. */
  readonly profile?: DevicesProfile;
  /** Called for each run. */
  createSeams?(): DevicesSeams;
  /** Puts the fault in, and returns what takes it out again. */
  plant?(): () => void;
  /** Puts in what would make the fault harmless otherwise, also in the runs without it. */
  prepare?(): () => void;
  /** The losses of the runs with and without the fault. */
  readonly logLoss?: DevicesSeams['logLoss'];
}

/** A faulty store or server fails for every so manyth message or frame. */
const EVERY = 5;

/** A limit for reading everything that a log holds. */
const EVERYTHING = 1_000_000;

const givesTwice: DevicesFault = {
  name: 'a position is given twice',
  detectedAs: /had \S+ at \d+, then|where the log of/,
  createSeams: () => {
    const appended = { count: 0 };
    const again = (result: AppendResult): AppendResult => {
      appended.count += 1;
      if (result.outcome !== 'stored' || result.position === 1 || appended.count % EVERY > 0) return result;
      const { position, echo } = result;
      return {
        ...result,
        position: position - 1,
        ...(echo !== undefined && { echo: Math.max(1, echo - 1) }),
      };
    };
    return {
      processStore: (store) =>
        withStore(store, { append: async (messages) => (await store.append(messages)).map(again) }),
    };
  },
};

const neverGoesBack: DevicesFault = {
  name: 'a feed does not go back after the wait',
  detectedAs: /lacks \d+ of/,
  profile: 'healers',
  logLoss: HEALABLE['go-back'],
  prepare: () => onlyHealedBy('go-back'),
  plant: () => onlyHealedBy(),
};

const movesEarly: DevicesFault = {
  name: 'the position of a device moves before the application has handled the message',
  detectedAs: /lacks \d+ of/,
  plant: () => {
    const { received } = LogReceiver.prototype;
    return replace(LogReceiver.prototype, 'received', function (this: LogReceiver<unknown>, ...given) {
      const actions: LogAction<unknown>[] = received.apply(this, given);
      for (const action of [...actions])
        if (action.kind === 'deliver') actions.push(...this.handled(action.delivery, given[2]));
      return actions;
    });
  },
};

const acknowledgesEarly: DevicesFault = {
  name: 'a sender is acknowledged before the commit, and the server crashes',
  detectedAs: /was acknowledged and is lost/,
  profile: 'sharp',
  createSeams: () => ({ volatileMs: 200 }),
};

const echoesToSender: DevicesFault = {
  name: 'the session that has sent a message gets its echo',
  detectedAs: /was written its own message/,
  plant: () => {
    const { push } = FeedHost.prototype;
    return replace(FeedHost.prototype, 'push', function (this: FeedHost, entry) {
      push.call(this, entry, false);
    });
  },
};

const skipsV6: DevicesFault = {
  name: 'a v6 client does not get what a device of its user has',
  detectedAs: /v6 lacks/,
  createSeams: () => ({
    processStore: (store) =>
      withStore(store, {
        advance: async (advances) => {
          for (const { userId, position } of advances) {
            const { entries } = await store.take(userId, 0, EVERYTHING);
            const positions = entries.map((entry) => entry.position).filter((each) => each <= position);
            await store.confirm([{ userId, positions }]);
          }
          await store.advance(advances);
        },
      }),
  }),
};

const writesBeforeAppend: DevicesFault = {
  name: 'an entry is written to feeds before it is appended',
  detectedAs: /where the log of|had \S+ at \d+, then/,
  plant: () => {
    const { take } = LocalRoute.prototype;
    return replace(LocalRoute.prototype, 'take', function (this: LocalRoute, delivery, receiver, now) {
      const answer = take.call(this, delivery, receiver, now);
      const { body, from, to, fingerprint } = delivery;
      if (answer !== 'store' || fingerprint === undefined || delivery.origin === receiver?.findDevice(''))
        return answer;
      for (const { feed, user } of receiver?.onlineDevices() ?? []) {
        if (feed === undefined || from === user.id) continue;
        const position = feed.last + 1;
        const entry: Entry = {
          body,
          from,
          to,
          fingerprint,
          acceptedAt: 0,
          id: position,
          position,
          kind: 'message',
        };
        feed.push(entry, false);
      }
      return answer;
    });
  },
};

const keepsEpoch: DevicesFault = {
  name: 'a store keeps its epoch when it is set back',
  detectedAs: /had \S+ at \d+, then|where the log of|handed \d+ again/,
  profile: 'restored',
  createSeams: () => ({ keepsEpoch: true }),
};

const extendsV6: DevicesFault = {
  name: 'a frame to a v6 client has a member x',
  detectedAs: /a session that has offered nothing was written/,
  createSeams: () => ({
    serverTransport: (transport) =>
      wrapServerTransport(transport, () => {
        let frames = 0;
        return {
          send: (body, pass) => {
            frames += 1;
            return pass(
              frames % EVERY === 0 && !body.includes('"x":') ? withExtension(body, '{"s":1}') : body,
            );
          },
        };
      }),
  }),
};

const countsAsWaiting: DevicesFault = {
  name: 'what one device has counts as waiting as long as another one lacks it',
  detectedAs: /the last message of .* was not accepted/,
  profile: 'full',
  plant: () =>
    replace(MemoryLog.prototype, 'limitFor', function (this: MemoryLog, _bytes, { maxPerUser }) {
      return this.page(0, EVERYTHING, false).entries.length >= maxPerUser ? 'maxPerUser' : undefined;
    }),
};

const replacementOffline: DevicesFault = {
  name: offlineOnReplacement.name,
  detectedAs: offlineOnReplacement.detectedAs,
  createSeams: () => offlineOnReplacement.createSeams(),
};

const replacementOnline: DevicesFault = {
  name: 'a user comes online again when another session takes the place of its session',
  detectedAs: /came online twice/,
  createSeams: () => ({
    presence: (server) => ({
      on: (name, listener) => {
        server.on(name, listener);
        if (name !== 'online') return;
        server.on('sessionEnded', ({ session, reason, kickCode }) => {
          if (reason === 'replaced') listener({ userId: session.userId, session, kickCode });
        });
      },
    }),
  }),
};

const neverOffline: DevicesFault = {
  name: 'the application is not told that a user went offline',
  detectedAs: /was reported online and has no session/,
  createSeams: () => ({
    presence: (server) => ({
      on: (name, listener) => {
        if (name !== 'offline') server.on(name, listener);
      },
    }),
  }),
};

const shuffles: DevicesFault = {
  name: 'a v6 client gets what is in the log in another order',
  detectedAs: /at \d+ came after \d+/,
  createSeams: () => ({
    processStore: (store) =>
      withStore(store, {
        take: async (userId, after, limit) => {
          const page = await store.take(userId, after, limit);
          return { ...page, entries: [...page.entries].reverse() };
        },
      }),
  }),
};

const leaks: DevicesFault = {
  name: 'a feed keeps its entries in memory after the end of its session',
  detectedAs: /bytesUnderWay is \d+ when all have left/,
  plant: () => replace(FeedHost.prototype, 'end', () => {}),
};

/** Every fault of devices, feeds and logs. */
export const DEVICES_FAULTS: readonly DevicesFault[] = [
  givesTwice,
  neverGoesBack,
  movesEarly,
  acknowledgesEarly,
  echoesToSender,
  skipsV6,
  writesBeforeAppend,
  replacementOffline,
  replacementOnline,
  neverOffline,
  keepsEpoch,
  extendsV6,
  countsAsWaiting,
  shuffles,
  leaks,
];

function withStore(store: MessageStore, changes: Partial<MessageStore>): MessageStore {
  return wrapStore(store, (_call, work) => work(), changes);
}
