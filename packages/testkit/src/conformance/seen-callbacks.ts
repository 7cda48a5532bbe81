import { callbackMeaning } from './callback-meaning.js';
import { isFrame, packetOf, type Recording, type ServerCallback, type TimedCallback } from './recording.js';
import { append, lastSentMs, type Seen } from './seen.js';

/** Groups callbacks by subject: a user or a message. The order is compared within a subject. */
export function bySubject(
  recording: Recording,
  callbacks: readonly TimedCallback[],
  translate: (user: string, time: number) => number,
): Map<string, Seen[]> {
  const subjects = new Map<string, Seen[]>();
  for (const { atMs, callback } of callbacks) {
    const ours = attributable(recording, callback);
    const meaning = ours && callbackMeaning(translateTime(recording, ours, translate));
    if (meaning !== undefined)
      append(subjects, meaning.subject, { ...meaning, atMs, sinceMs: causeMs(recording, callback, atMs) });
  }
  return subjects;
}

/** The instant from which the time of a callback is measured, when a timer caused it. */
function causeMs(recording: Recording, callback: ServerCallback, atMs: number): number | undefined {
  const { entries } = recording;
  if (callback.ev === 'lost') return firstCopyMs(entries, callback);
  if (callback.ev !== 'offline') return undefined;
  const login = entries.findLast(
    (entry) =>
      entry.atMs <= atMs && isFrame(entry, 'client') && packetOf(entry.body)['from'] === callback['user'],
  );
  return login && lastSentMs(recording, login.connection, atMs);
}

/**
 * `received` and `lost` name only fingerprints, and several conversations were recorded at the same time. Keeps the
 * fingerprints that contain the conversation's name; `undefined` when there are none.
 */
function attributable(recording: Recording, callback: ServerCallback): ServerCallback | undefined {
  const isOwn = (fp: unknown) => recording.queue.length > 0 || String(fp).includes(recording.name);
  if (callback.ev === 'received') return isOwn(callback['fp']) ? callback : undefined;
  const fps = callback['fps'];
  if (callback.ev !== 'lost' || !Array.isArray(fps)) return callback;
  const own = fps.filter(isOwn);
  return own.length > 0 ? { ...callback, fps: own } : undefined;
}

/** A time that is in no frame of the recording is only compared by its kind. */
function translateTime(
  recording: Recording,
  callback: ServerCallback,
  translate: (user: string, time: number) => number,
): ServerCallback {
  const { user, firstLoginTime } = callback;
  if (typeof firstLoginTime !== 'number') return callback;
  const time = translate(String(user), firstLoginTime);
  const isRecorded = recording.entries.some((entry) => isFrame(entry) && entry.body.includes(String(time)));
  return { ...callback, firstLoginTime: isRecorded ? time : 'a time' };
}

/** When the first copy of the lost packets was written. */
function firstCopyMs(entries: Recording['entries'], { fps }: ServerCallback): number | undefined {
  if (!Array.isArray(fps)) return undefined;
  return entries.find((entry) => isFrame(entry, 'server') && fps.includes(packetOf(entry.body)['fp']))?.atMs;
}
