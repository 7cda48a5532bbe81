import { type Aligned, align } from './alignment.js';
import { connectionsOf, type Recording } from './recording.js';
import type { Seen } from './seen.js';
import { bySubject } from './seen-callbacks.js';
import { CLOSE, publishedIn, recordedOn, type Sight, sequencesOf } from './seen-frames.js';
import type { Transcript } from './transcript.js';

/** Something that only one of the two servers did, or that both did at different times. */
export interface Difference {
  /** Where: a connection's name, `server` for its callbacks, `queue` for what it published. */
  readonly where: string;
  /** `lacks`: only the original did it. `has`: only ours. `late`, `early`: ours, by far. */
  readonly kind: 'lacks' | 'has' | 'late' | 'early';
  /** What, on one line, with the conversation's name left out. */
  readonly what: string;
}

/** A difference as the patterns of the table of differences are compared with it. */
export function showDifference({ where, kind, what }: Difference): string {
  return `${where} ${kind} ${what}`;
}

/** What is compared beyond packets, ends of connections and callbacks. */
export interface ComparisonOptions {
  /** WebSocket close frames too: where clients are on real sockets. */
  readonly closeFrames?: boolean;
  /** When things happened: where time is virtual. */
  readonly times?: boolean;
}

/** What comes so soon is caused by a packet and not by a timer: its time says nothing. */
const TIMER_FROM_MS = 1000;
/** How much later or earlier than the original's a timer of ours may be, as a factor. */
const RATIO = { end: 1.1, retransmission: 2.5 } as const;

/**
 * What our server did differently in a play, by meaning. Order counts on each connection and for callbacks about the
 * same user or message, not between them: the original's threads give none.
 *
 * Where the recording ends nothing is demanded of what comes after, and a truncated one says nothing about what it
 * does not hold.
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

/** The same line for the same thing in every conversation: without its name and its random fingerprints. */
function withoutName(line: string, name: string): string {
  return line.replaceAll(`.${name}`, '').replaceAll(`-${name}`, '').replace(UUID, '<uuid>');
}
