import { PacketType } from '@imcore/protocol';
import { packetMeaning } from './packet-meaning.js';
import { isFrame, packetOf, type Recording } from './recording.js';
import { append, lastWordMs, type Seen } from './seen.js';

/** The end of a connection, as it is compared. */
export const CLOSE = { key: 'close', shown: 'close' };

/** What one end of a connection saw of the server, whoever saw it. */
export type Sight =
  | { readonly kind: 'frame'; readonly atMs: number; readonly body: string }
  | { readonly kind: 'close-frame'; readonly atMs: number; readonly hex: string }
  | { readonly kind: 'close'; readonly atMs: number };

/** What the original server sent on a connection, and that it closed it. */
export function recordedOn(recording: Recording, connection: string): Sight[] {
  const sights: Sight[] = [];
  for (const entry of recording.entries) {
    if (entry.connection !== connection) continue;
    if (isFrame(entry, 'server')) sights.push(entry);
    else if ((entry.kind === 'close-frame' || entry.kind === 'close') && entry.by === 'server')
      sights.push(entry);
  }
  return sights;
}

/**
 * Sorts what was seen on a connection into sequences within which order counts. Acknowledgements are apart, one
 * sequence each: ours come when the receiver has acknowledged, which is later than the original's.
 */
export function sequencesOf(
  recording: Recording,
  connection: string,
  sights: readonly Sight[],
  translate: (time: number) => number,
  closeFrames: boolean,
): Map<string, Seen[]> {
  const sequences = new Map<string, Seen[]>();
  const main: Seen[] = [];
  sequences.set('', main);
  for (const sight of sights) {
    const { atMs } = sight;
    if (sight.kind === 'frame') {
      const seen = frameSeen(main, packetMeaning(sight.body, translate), atMs);
      const { type, dataContent } = packetOf(sight.body);
      if (type === PacketType.Acknowledgement) append(sequences, String(dataContent), seen);
      else main.push(seen);
      continue;
    }
    if (sight.kind === 'close-frame' && closeFrames)
      main.push({ ...closeFrameMeaning(sight.hex), atMs, sinceMs: undefined });
    if (!main.some(({ key }) => key === CLOSE.key))
      main.push({ ...CLOSE, atMs, sinceMs: lastWordMs(recording, connection, atMs) });
  }
  return sequences;
}

/** A further copy of a frame is measured from the first. */
function frameSeen(before: readonly Seen[], meaning: { key: string; shown: string }, atMs: number): Seen {
  const first = before.find(({ key }) => key === meaning.key && !isKeepAliveAnswer(key));
  return { ...meaning, atMs, sinceMs: first?.atMs };
}

function isKeepAliveAnswer(key: string): boolean {
  return packetOf(key)['type'] === PacketType.KeepAliveResponse;
}

function closeFrameMeaning(hex: string): { key: string; shown: string } {
  const payload = Buffer.from(hex, 'hex');
  const code = payload.length >= 2 ? payload.readUInt16BE(0) : undefined;
  const shown = `close frame ${String(code)} "${payload.toString('utf8', 2)}"`;
  return { key: `close frame ${hex}`, shown };
}

/** What the server put into the other system's queue. */
export function publishedIn(queue: Recording['queue']): Seen[] {
  return queue
    .filter((entry) => entry.queue === 'q_app2web')
    .map(({ payload, atMs }) => ({ ...packetMeaning(payload), atMs, sinceMs: undefined }));
}
