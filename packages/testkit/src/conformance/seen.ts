import { isFrame, type Recording } from './recording.js';

/** A thing seen, with what it is compared by. */
export interface Seen {
  readonly key: string;
  readonly shown: string;
  readonly atMs: number;
  /** When what it is measured from happened, where it came by a timer. */
  readonly sinceMs: number | undefined;
}

/** Puts a thing at the end of a named sequence. */
export function append(sequences: Map<string, Seen[]>, name: string, seen: Seen): void {
  const sequence = sequences.get(name);
  if (sequence === undefined) sequences.set(name, [seen]);
  else sequence.push(seen);
}

/** When the client last sent something on a connection before an instant; the start of the connection at the least. */
export function lastWordMs(recording: Recording, connection: string, beforeMs: number): number | undefined {
  let last: number | undefined;
  for (const entry of recording.entries) {
    const isWord = entry.kind === 'open' || isFrame(entry, 'client');
    if (entry.connection === connection && isWord && entry.atMs <= beforeMs) last = entry.atMs;
  }
  return last;
}
