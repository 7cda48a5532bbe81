import { isFrame, type Recording } from './recording.js';

/** Something that happened, with what it is compared by. */
export interface Seen {
  readonly key: string;
  readonly shown: string;
  readonly atMs: number;
  /** The instant from which its time is measured, when a timer caused it. */
  readonly sinceMs: number | undefined;
}

/** Appends to a sequence. */
export function append(sequences: Map<string, Seen[]>, name: string, seen: Seen): void {
  const sequence = sequences.get(name);
  if (sequence === undefined) sequences.set(name, [seen]);
  else sequence.push(seen);
}

/** When the client last sent something on a connection before an instant, or opened it. */
export function lastSentMs(recording: Recording, connection: string, beforeMs: number): number | undefined {
  let last: number | undefined;
  for (const entry of recording.entries) {
    const isSent = entry.kind === 'open' || isFrame(entry, 'client');
    if (entry.connection === connection && isSent && entry.atMs <= beforeMs) last = entry.atMs;
  }
  return last;
}
