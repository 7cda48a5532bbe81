import { getHeapStatistics } from 'node:v8';
import type { StoredDevice, StoredMessage } from '../ports/message-store.js';

/**
 * Memory that a message takes in addition to its body and its ids, in bytes. Measured: 590 for one of many messages to a user,
 * 280 for one in the history, 720 for the only one of a conversation there.
 */
const MESSAGE_OVERHEAD = 600;

/** Memory that a dead letter takes in addition, in bytes. Measured: 510. */
export const DEAD_LETTER_BYTES = 500;

/** Memory of the entry in the log of a message's sender, in bytes. Measured: 120. */
export const ECHO_BYTES = 120;

/** Memory of the key of a dropped message, in bytes. Measured: 360. */
const KEY_OVERHEAD = 360;

/** Memory of a log with a v6 device, without entries, in bytes. Measured: 510; 370 without a device. */
const LOG_OVERHEAD = 500;

/** Memory of a named device in addition to its texts, in bytes. Measured: 400 for the first one of a user. */
const DEVICE_OVERHEAD = 400;

/** Memory that a message takes in the memory store, in bytes. Its ids are there a second time, in its key. */
export function bytesOfMessage({ to, from, fingerprint, body }: StoredMessage): number {
  return body.length + 2 * (to.length + from.length + fingerprint.length) + MESSAGE_OVERHEAD;
}

/** Memory that the key of a dropped message takes, in bytes. */
export function bytesOfKey(key: string): number {
  return key.length + KEY_OVERHEAD;
}

/** Memory of a log without entries and named devices, in bytes. */
export function bytesOfLog(userId: string): number {
  return userId.length + LOG_OVERHEAD;
}

/** Memory of a named device, in bytes. */
export function bytesOfDevice({ id, kind, name }: StoredDevice): number {
  return id.length + kind.length + name.length + DEVICE_OVERHEAD;
}

/** A share of the memory that V8 has for JavaScript objects, in bytes. */
export function heapShare(share: number): number {
  return Math.floor(getHeapStatistics().heap_size_limit * share);
}
