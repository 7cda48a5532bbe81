import { PacketType } from '@imcore/protocol';
import { packetMeaning } from './packet-meaning.js';
import { isFrame, packetOf, type Recording } from './recording.js';
import { append, lastSentMs, type Seen } from './seen.js';

/** The end of a connection, to compare. */
export const CLOSE = { key: 'close', shown: 'close' };

/** What a client received from the server, in a recording or in a play. */
export type Sight =
  | { readonly kind: 'frame'; readonly atMs: number; readonly body: string }
  | { readonly kind: 'close-frame'; readonly atMs: number; readonly hex: string }
  | { readonly kind: 'close'; readonly atMs: number };

/** The frames that the original server sent on a connection, and its end of it. */
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
 * Groups what was received on a connection into sequences within which the order is compared. Each acknowledgement is a
 * sequence of its own: ours are sent when the receiver has acknowledged, later than the original's.
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
      main.push({ ...CLOSE, atMs, sinceMs: lastSentMs(recording, connection, atMs) });
  }
  return sequences;
}

/** The time of a further copy of a frame is measured from the first. */
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

/** The messages that the server published to the other system. */
export function publishedIn(queue: Recording['queue']): Seen[] {
  return queue
    .filter((entry) => entry.queue === 'q_app2web')
    .map(({ payload, atMs }) => ({ ...packetMeaning(payload), atMs, sinceMs: undefined }));
}
