import { getHeapStatistics } from 'node:v8';
import type { StoredMessage } from '../ports/message-store.js';

/**
 * Memory that a message takes in addition to its body and its ids, in bytes. Measured: 490 for one of many messages to a user,
 * 710 for the only one, 770 for a dead letter, 800 in the history.
 */
const MESSAGE_OVERHEAD = 800;

/** The same for the key of a confirmed message. Measured: 260. */
const KEY_OVERHEAD = 250;

/** Memory that a message takes in the memory store, in bytes. Its ids are there a second time, in its key. */
export function bytesOfMessage({ to, from, fingerprint, body }: StoredMessage): number {
  return body.length + 2 * (to.length + from.length + fingerprint.length) + MESSAGE_OVERHEAD;
}

/** Memory that the key of a confirmed message takes, in bytes. */
export function bytesOfKey(key: string): number {
  return key.length + KEY_OVERHEAD;
}

/** Memory of the entry in the log of a message's sender, in bytes. */
export const ECHO_BYTES = 200;

/** Memory of a log without entries, in bytes. */
const LOG_OVERHEAD = 500;

/** Memory of a log without its entries, in bytes. */
export function bytesOfLog(userId: string): number {
  return 2 * userId.length + LOG_OVERHEAD;
}

/** A share of the memory that V8 has for JavaScript objects, in bytes. */
export function heapShare(share: number): number {
  return Math.floor(getHeapStatistics().heap_size_limit * share);
}
