import {
  acknowledgementPacket,
  type BinaryString,
  decodeFrameBody,
  encodeFrameBody,
  encodePacket,
  SERVER_ID,
} from '@imcore/protocol';
import type { AppendResult, MessageStore } from '@imcore/server/ports';
import { wrapStore } from '@imcore/testkit';
import { acknowledgedFingerprint, dataFingerprint, peek, peekBody } from './frames.js';
import type { Profile } from './plan.js';
import type { Seams } from './seams.js';
import { wrapServerTransport } from './wrapped-server-transport.js';
import { wrapTransport } from './wrapped-transport.js';

/** A fault that is put into a world on purpose, and the breach that must be reported for it. */
export interface Fault {
  readonly name: string;
  readonly detectedAs: RegExp;
  /** The profile of its runs. Default: that of the seed. */
  readonly profile?: Profile;
  /** Called for each run. */
  createSeams(): Seams;
}

/** The server acknowledges a message as soon as it arrives. */
const acknowledgesTooEarly: Fault = {
  name: 'a sender is acknowledged before the receiver or the store has its message',
  detectedAs: /was acknowledged and is lost/,
  createSeams: () => ({
    serverTransport: (transport) =>
      wrapServerTransport(transport, (connection) => ({
        receive: (body, pass) => {
          const packet = peekBody(body);
          if (packet !== undefined && dataFingerprint(packet) !== undefined && packet.to !== SERVER_ID) {
            connection.send(encodeFrameBody(acknowledgementPacket(packet)), 'answer');
          }
          pass(body);
        },
      })),
  }),
};

/** Separates a fingerprint from the number that makes each copy unique. */
const COPY_MARK = '~';

/** A client gets every copy under a fingerprint of its own, so that it recognizes no duplicate. */
const neverRemembers: Fault = {
  name: 'a receiver recognizes no duplicates',
  detectedAs: /received \S+ twice/,
  createSeams: () => {
    const copies = { count: 0 };
    return {
      originalFingerprint: (fingerprint) => fingerprint.split(COPY_MARK)[0] ?? fingerprint,
      transport: (transport) =>
        wrapTransport(transport, () => ({
          receive: (frame, pass) => {
            const packet = peek(frame);
            const fingerprint = dataFingerprint(packet);
            if (packet === undefined || fingerprint === undefined) return pass(frame);
            copies.count += 1;
            const { type, dataContent, from, to, QoS, typeu, bridge, sm } = packet;
            const fp = `${fingerprint}${COPY_MARK}${copies.count}`;
            pass(encodePacket({ type, dataContent, from, to, fp, QoS, typeu, bridge, sm }));
          },
          send: (frame, pass) => {
            pass(acknowledgedFingerprint(peek(frame)) === undefined ? frame : frame.replace(/~\d+/, ''));
          },
        })),
    };
  },
};

/** Whatever a client writes a second time is lost. */
const losesRetransmissions: Fault = {
  name: 'every retransmission of a client is lost',
  detectedAs: /should have arrived/,
  createSeams: () => ({
    transport: (transport) => {
      const written = new Set<string>();
      return wrapTransport(transport, () => ({
        receive: (frame, pass) => pass(frame),
        send: (frame, pass) => {
          const fingerprint = dataFingerprint(peek(frame));
          if (fingerprint !== undefined && written.has(fingerprint)) return;
          if (fingerprint !== undefined) written.add(fingerprint);
          pass(frame);
        },
      }));
    },
  }),
};

const acknowledgesOnce: Fault = {
  name: 'a receiver acknowledges the first copy only',
  detectedAs: /should have arrived/,
  createSeams: () => ({
    transport: (transport) => {
      const acknowledged = new Set<string>();
      return wrapTransport(transport, () => ({
        receive: (frame, pass) => pass(frame),
        send: (frame, pass) => {
          const fingerprint = acknowledgedFingerprint(peek(frame));
          if (fingerprint !== undefined && acknowledged.has(fingerprint)) return;
          if (fingerprint !== undefined) acknowledged.add(fingerprint);
          pass(frame);
        },
      }));
    },
  }),
};

/** As clients did that acknowledge what arrives. */
const acknowledgesBeforeHandled: Fault = {
  name: 'a receiver acknowledges a message before the application has handled it, and crashes',
  profile: 'restarts',
  detectedAs: /was acknowledged and is lost/,
  createSeams: () => ({
    transport: (transport) =>
      wrapTransport(transport, (write) => ({
        receive: (frame, pass) => {
          const packet = peek(frame);
          if (packet !== undefined && dataFingerprint(packet) !== undefined) {
            write(encodePacket(acknowledgementPacket(packet)));
          }
          pass(frame);
        },
        send: (frame, pass) => pass(frame),
      })),
  }),
};

const retransmitsTooOften: Fault = {
  name: 'a client retransmits more often than its policy allows',
  detectedAs: /wrote copy 4 of/,
  createSeams: () => ({
    transport: (transport) =>
      wrapTransport(transport, () => {
        const written = new Set<string>();
        return {
          receive: (frame, pass) => pass(frame),
          send: (frame, pass) => {
            pass(frame);
            if (dataFingerprint(peek(frame)) === undefined) return;
            if (written.has(frame)) pass(frame);
            written.add(frame);
          },
        };
      }),
  }),
};

/** A faulty store fails for every so manyth message. */
const EVERY = 5;

const storeLoses: Fault = {
  name: 'the store loses a message that it reported as stored',
  detectedAs: /was acknowledged and is lost/,
  createSeams: () => ({
    store: (store) => {
      const seen = { count: 0 };
      const append = async (
        message: Parameters<MessageStore['append']>[0][number],
      ): Promise<AppendResult> => {
        seen.count += 1;
        if (seen.count % EVERY === 0)
          return { outcome: 'stored', id: Number.MAX_SAFE_INTEGER, position: Number.MAX_SAFE_INTEGER };
        return (await store.append([message]))[0] ?? { outcome: 'full', limit: 'maxPerUser' };
      };
      return withStore(store, { append: (messages) => Promise.all(messages.map(append)) });
    },
  }),
};

const storeShuffles: Fault = {
  name: 'the store returns messages in another order',
  detectedAs: /which was sent later/,
  createSeams: () => ({
    store: (store) =>
      withStore(store, {
        take: async (userId, after, limit) => {
          const page = await store.take(userId, after, limit);
          return { ...page, entries: [...page.entries].reverse() };
        },
      }),
  }),
};

const storeRenames: Fault = {
  name: 'the store returns a message with another fingerprint',
  detectedAs: /which was not sent like that/,
  createSeams: () => ({
    store: (store) =>
      withStore(store, {
        take: async (userId, after, limit) => {
          const page = await store.take(userId, after, limit);
          const entries = page.entries.map((entry) => ({
            ...entry,
            fingerprint: `${entry.fingerprint}${entry.id % EVERY === 0 ? '!' : ''}`,
            body: entry.id % EVERY === 0 ? renamed(entry.body) : entry.body,
          }));
          return { ...page, entries };
        },
      }),
  }),
};

const timersLeak: Fault = {
  name: 'the timers of a client cannot be cancelled',
  detectedAs: /still has something scheduled/,
  createSeams: () => ({
    clientClock: (clock) => ({
      now: () => clock.now(),
      wallTime: () => clock.wallTime(),
      schedule: (at, run) => {
        clock.schedule(at, run);
        return { cancel() {} };
      },
    }),
  }),
};

const storeOverlooks: Fault = {
  name: 'the store reports an empty queue for a user who has waiting messages',
  detectedAs: /waits in the store although/,
  createSeams: () => ({ store: (store) => withStore(store, { isEmptyFor: () => true }) }),
};

/** How much later than its answer the store writes, in milliseconds. */
const WRITE_LATER_MS = 50;

const acknowledgesBeforeStored: Fault = {
  name: 'the store answers before it has written a message, and the server crashes',
  profile: 'store-trouble',
  detectedAs: /was acknowledged and is lost/,
  createSeams: () => ({
    processStore: (store, clock) =>
      withStore(store, {
        append: (messages) => {
          clock.schedule(clock.now() + WRITE_LATER_MS, () => void store.append(messages).catch(() => {}));
          const unknown = Number.MAX_SAFE_INTEGER;
          return Promise.resolve(messages.map(() => ({ outcome: 'stored', id: unknown, position: unknown })));
        },
      }),
  }),
};

const confirmsWhatIsRead: Fault = {
  name: 'messages are confirmed when they are read from the store, not when the receiver has them',
  profile: 'store-trouble',
  detectedAs: /was acknowledged and is lost/,
  createSeams: () => ({
    processStore: (store) =>
      withStore(store, {
        take: async (userId, after, limit) => {
          const page = await store.take(userId, after, limit);
          await store.confirm([{ userId, positions: page.entries.map(({ position }) => position) }]);
          return page;
        },
      }),
  }),
};

/** How long after the dispatch the faulty route takes a message back, in milliseconds. */
const TAKE_BACK_AFTER_MS = 500;

const takesBackWhatIsStored: Fault = {
  name: 'a route changes the state of a message that the store has taken',
  detectedAs: /cannot go from persisted to pending/,
  createSeams: () => ({
    route: (clock) => ({
      name: 'takes back',
      take: (delivery, _receiver, now, reason) => {
        clock.schedule(now + TAKE_BACK_AFTER_MS, () => {
          if (delivery.state === 'persisted') delivery.moveTo('pending');
        });
        return reason;
      },
    }),
  }),
};

/** The application is told that a user is offline although another session has taken the place. */
export const offlineOnReplacement: Fault = {
  name: 'a user goes offline when another session takes the place of its session',
  detectedAs: /was reported offline and is online/,
  createSeams: () => ({
    presence: (server) => ({
      on: (name, listener) => {
        server.on(name, listener);
        if (name !== 'offline') return;
        server.on('sessionEnded', ({ session, reason, kickCode }) => {
          const event = { userId: session.userId, session, kickCode };
          if (reason === 'replaced') listener(event);
        });
      },
    }),
  }),
};

/** Every fault of the transports, the store and the clocks. */
export const FAULTS: readonly Fault[] = [
  acknowledgesTooEarly,
  neverRemembers,
  losesRetransmissions,
  acknowledgesOnce,
  acknowledgesBeforeHandled,
  retransmitsTooOften,
  storeLoses,
  storeShuffles,
  storeRenames,
  storeOverlooks,
  timersLeak,
  acknowledgesBeforeStored,
  confirmsWhatIsRead,
  takesBackWhatIsStored,
  offlineOnReplacement,
];

function withStore(store: MessageStore, changes: Partial<MessageStore>): MessageStore {
  return wrapStore(store, (_call, work) => work(), changes);
}

function renamed(body: BinaryString): BinaryString {
  const { type, dataContent, from, to, fp, QoS, typeu, bridge, sm } = decodeFrameBody(body);
  return encodeFrameBody({ type, dataContent, from, to, fp: `${fp}!`, QoS, typeu, bridge, sm });
}
