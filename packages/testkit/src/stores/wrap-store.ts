import type { MessageStore, SharedStore } from '@imcore/server/ports';

/** A method of a store that calls the database. */
export type StoreCall =
  | Exclude<keyof MessageStore, 'durable' | 'keepsHistory' | 'shared' | 'isEmptyFor' | 'onDeadLettersDeleted'>
  | keyof SharedStore;

/**
 * Returns a store that passes every call on to another one, through `around`; `changes` replace methods.
 *
 * @param around called for each call of the database; `work` makes the call
 */
export function wrapStore(
  store: MessageStore,
  around: <Result>(call: StoreCall, work: () => Promise<Result>) => Promise<Result>,
  changes: Partial<MessageStore> = {},
): MessageStore {
  const { shared } = store;
  return {
    durable: store.durable,
    keepsHistory: store.keepsHistory,
    shared: shared && {
      identity: () => around('identity', () => shared.identity()),
      whichWait: (places) => around('whichWait', () => shared.whichWait(places)),
    },
    isEmptyFor: (userId) => store.isEmptyFor?.(userId) === true,
    epoch: () => around('epoch', () => store.epoch()),
    append: (messages) => around('append', () => store.append(messages)),
    take: (userId, after, limit) => around('take', () => store.take(userId, after, limit)),
    read: (userId, after, limit) => around('read', () => store.read(userId, after, limit)),
    confirm: (confirmations) => around('confirm', () => store.confirm(confirmations)),
    advance: (advances) => around('advance', () => store.advance(advances)),
    putDevice: (userId, device) => around('putDevice', () => store.putDevice(userId, device)),
    removeDevice: (userId, deviceId) => around('removeDevice', () => store.removeDevice(userId, deviceId)),
    devices: (userId) => around('devices', () => store.devices(userId)),
    count: (userId) => around('count', () => store.count(userId)),
    expire: (now, limit) => around('expire', () => store.expire(now, limit)),
    deadLetters: (after, limit, userId) =>
      around('deadLetters', () => store.deadLetters(after, limit, userId)),
    resend: (ids, now) => around('resend', () => store.resend(ids, now)),
    discard: (ids) => around('discard', () => store.discard(ids)),
    onDeadLettersDeleted: (listener) => store.onDeadLettersDeleted(listener),
    history: (query) => around('history', () => store.history(query)),
    conversations: (query) => around('conversations', () => store.conversations(query)),
    health: () => around('health', () => store.health()),
    close: () => around('close', () => store.close()),
    ...changes,
  };
}
