import { PacketType } from '@imcore/protocol';
import { type Aligned, align } from './alignment.js';
import { callbackMeaning } from './callback-meaning.js';
import { packetMeaning } from './packet-meaning.js';
import { isFrame, packetOf, type Recording, type ServerCallback, type TimedCallback } from './recording.js';
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

/** A thing seen, with what it is compared by. */
interface Seen {
  readonly key: string;
  readonly shown: string;
  readonly atMs: number;
  /** When what it is measured from happened, where it came by a timer. */
  readonly sinceMs: number | undefined;
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

const CLOSE = { key: 'close', shown: 'close' };

/** What one end of a connection saw of the server, whoever saw it. */
type Sight =
  | { readonly kind: 'frame'; readonly atMs: number; readonly body: string }
  | { readonly kind: 'close-frame'; readonly atMs: number; readonly hex: string }
  | { readonly kind: 'close'; readonly atMs: number };

/** What the original server sent on a connection, and that it closed it. */
function recordedOn(recording: Recording, connection: string): Sight[] {
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
function sequencesOf(
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

function append(sequences: Map<string, Seen[]>, name: string, seen: Seen): void {
  const sequence = sequences.get(name);
  if (sequence === undefined) sequences.set(name, [seen]);
  else sequence.push(seen);
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

/** When the client last sent something on a connection before an instant; the start of the connection at the least. */
function lastWordMs(recording: Recording, connection: string, beforeMs: number): number | undefined {
  let last: number | undefined;
  for (const entry of recording.entries) {
    const isWord = entry.kind === 'open' || isFrame(entry, 'client');
    if (entry.connection === connection && isWord && entry.atMs <= beforeMs) last = entry.atMs;
  }
  return last;
}

function bySubject(
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

/** What a callback that comes by a timer is measured from. */
function causeMs(recording: Recording, callback: ServerCallback, atMs: number): number | undefined {
  const { entries } = recording;
  if (callback.ev === 'lost') return firstCopyMs(entries, callback);
  if (callback.ev !== 'offline') return undefined;
  const login = entries.findLast(
    (entry) =>
      entry.atMs <= atMs && isFrame(entry, 'client') && packetOf(entry.body)['from'] === callback['user'],
  );
  return login && lastWordMs(recording, login.connection, atMs);
}

/**
 * `received` and `lost` name nothing but fingerprints, and several conversations were recorded at a time: a recording
 * holds those alone whose fingerprint names the conversation. `undefined` where nothing is left.
 */
function attributable(recording: Recording, callback: ServerCallback): ServerCallback | undefined {
  const isOwn = (fp: unknown) => recording.queue.length > 0 || String(fp).includes(recording.name);
  if (callback.ev === 'received') return isOwn(callback['fp']) ? callback : undefined;
  const fps = callback['fps'];
  if (callback.ev !== 'lost' || !Array.isArray(fps)) return callback;
  const own = fps.filter(isOwn);
  return own.length > 0 ? { ...callback, fps: own } : undefined;
}

/** A time that no frame of the recording tells can only be compared by kind. */
function translateTime(
  recording: Recording,
  callback: ServerCallback,
  translate: (user: string, time: number) => number,
): ServerCallback {
  const { user, firstLoginTime } = callback;
  if (typeof firstLoginTime !== 'number') return callback;
  const time = translate(String(user), firstLoginTime);
  const isTold = recording.entries.some((entry) => isFrame(entry) && entry.body.includes(String(time)));
  return { ...callback, firstLoginTime: isTold ? time : 'a time' };
}

/** When the first of the lost packets was written first. */
function firstCopyMs(entries: Recording['entries'], { fps }: ServerCallback): number | undefined {
  if (!Array.isArray(fps)) return undefined;
  return entries.find((entry) => isFrame(entry, 'server') && fps.includes(packetOf(entry.body)['fp']))?.atMs;
}

function publishedIn(queue: Recording['queue']): Seen[] {
  return queue
    .filter((entry) => entry.queue === 'q_app2web')
    .map(({ payload, atMs }) => ({ ...packetMeaning(payload), atMs, sinceMs: undefined }));
}

function connectionsOf(recording: Recording): Set<string> {
  return new Set(recording.entries.map(({ connection }) => connection));
}

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** The same line for the same thing in every conversation: without its name and its random fingerprints. */
function withoutName(line: string, name: string): string {
  return line.replaceAll(`.${name}`, '').replaceAll(`-${name}`, '').replace(UUID, '<uuid>');
}
