import { type Aligned, align } from './alignment.js';
import { connectionsOf, type Recording } from './recording.js';
import type { Seen } from './seen.js';
import { bySubject } from './seen-callbacks.js';
import { CLOSE, publishedIn, recordedOn, type Sight, sequencesOf } from './seen-frames.js';
import type { Transcript } from './transcript.js';

/** Something that only one of the two servers did, or that they did at different times. */
export interface Difference {
  /** Where: a connection's name, `server` for its callbacks, `queue` for what it published. */
  readonly where: string;
  /** `lacks`: only the original did it. `has`: only ours did it. `late`, `early`: ours did it much later or earlier. */
  readonly kind: 'lacks' | 'has' | 'late' | 'early';
  /** What it is, on one line, without the conversation's name. */
  readonly what: string;
}

/** A difference as one line, which the patterns in the table of differences match. */
export function showDifference({ where, kind, what }: Difference): string {
  return `${where} ${kind} ${what}`;
}

/** What is compared in addition to packets, ends of connections and callbacks. */
export interface ComparisonOptions {
  /** WebSocket close frames. For clients on real sockets. */
  readonly closeFrames?: boolean;
  /** Times. For plays in virtual time. */
  readonly times?: boolean;
}

/** What comes sooner is caused by a packet and not by a timer: its time is not compared. */
const TIMER_FROM_MS = 1000;
/** How much later or earlier than the original's a timer of our server may be, as a factor. */
const RATIO = { end: 1.1, retransmission: 2.5 } as const;

/**
 * Compares what our server did in a play with the recording, by meaning. The order is compared on each connection and
 * for callbacks about the same user or message, not between them: the original's threads have none.
 *
 * What our server did after the end of the recording is not compared, and nothing that it did in addition to a
 * truncated recording.
 */
export function compare(
  recording: Recording,
  transcript: Transcript,
  options: ComparisonOptions = {},
): Difference[] {
  const differences: Difference[] = [];
  const judge = (where: string, expected: readonly Seen[], found: readonly Seen[]): void => {
    for (const pair of align(expected, found)) {
      const difference = judgePair(pair, options.times === true);
      const isBeyond =
        difference?.kind === 'has' &&
        (recording.isTruncated || (pair.found?.atMs ?? 0) >= transcript.endsAtMs);
      if (difference !== undefined && !isBeyond)
        differences.push({
          where,
          kind: difference.kind,
          what: withoutName(difference.what, recording.name),
        });
    }
  };

  const judgeAll = (where: string, expected: Map<string, Seen[]>, found: Map<string, Seen[]>): void => {
    for (const name of new Set([...expected.keys(), ...found.keys()]))
      judge(where, expected.get(name) ?? [], found.get(name) ?? []);
  };
  const closeFrames = options.closeFrames === true;
  for (const connection of connectionsOf(recording)) {
    const sequences = (sights: readonly Sight[], translate: (time: number) => number) =>
      sequencesOf(recording, connection, sights, translate, closeFrames);
    judgeAll(
      connection,
      sequences(recordedOn(recording, connection), (time) => time),
      sequences(transcript.observationsOf(connection), (time) => transcript.translate(connection, time)),
    );
  }
  judgeAll(
    'server',
    bySubject(recording, recording.callbacks, (_user, time) => time),
    bySubject(recording, transcript.callbacks, (user, time) => transcript.translateFor(user, time)),
  );
  judge('queue', publishedIn(recording.queue), publishedIn(transcript.published));
  return differences;
}

function judgePair(
  { expected, found }: Aligned<Seen>,
  times: boolean,
): Omit<Difference, 'where'> | undefined {
  if (found === undefined) return expected && { kind: 'lacks', what: expected.shown };
  if (expected === undefined) return { kind: 'has', what: found.shown };
  if (!times || expected.sinceMs === undefined || found.sinceMs === undefined) return undefined;
  const recordedMs = expected.atMs - expected.sinceMs;
  const oursMs = found.atMs - found.sinceMs;
  if (recordedMs < TIMER_FROM_MS && oursMs < TIMER_FROM_MS) return undefined;
  const factor =
    expected.key === CLOSE.key || expected.key.startsWith('offline ') ? RATIO.end : RATIO.retransmission;
  const what = `${found.shown} after ${oursMs} ms instead of ${recordedMs}`;
  if (oursMs > recordedMs * factor) return { kind: 'late', what };
  return oursMs < recordedMs / factor ? { kind: 'early', what } : undefined;
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Removes the conversation's name and random fingerprints, so that lines of all conversations are alike. */
function withoutName(line: string, name: string): string {
  return line.replaceAll(`.${name}`, '').replaceAll(`-${name}`, '').replace(UUID, '<uuid>');
}
