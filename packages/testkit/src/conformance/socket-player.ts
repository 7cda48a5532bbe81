import { PacketType } from '@imcore/protocol';
import type { ImServer } from '@imcore/server';
import { Clients } from './clients.js';
import {
  connectionsOf,
  isFrame,
  packetOf,
  type RecordedEntry,
  type Recording,
  type ServerCallback,
} from './recording.js';
import { actsOf } from './server-acts.js';
import { kickFromServer, sendFromServer } from './server-rules.js';
import type { Stage } from './stage.js';
import { Transcript } from './transcript.js';

/** How long something that must come may take, in milliseconds. */
const DEADLINE_MS = 3000;

/** What a play over sockets needs of the server beyond its ports. */
export interface ServerInProcess {
  readonly server: ImServer;
  /** Where its hooks and events report to: the play puts its transcript here. */
  listener: (callback: ServerCallback) => void;
  /** The other side of its bridge, where it has one. */
  readonly otherSystem?: OtherSystem;
}

/** The system on the other side of a bridge. */
export interface OtherSystem {
  /** Hears what the server publishes: the play sets it. */
  onPublished: (text: string) => void;
  send(text: string): Promise<void>;
}

/**
 * Plays a recording's clients against a server behind real sockets, as fast as it goes: nobody waits for the
 * recorded instants, only for what must come first. A client goes on when logins are answered, acknowledges what it
 * has received and leaves when it has seen what the recorded one saw.
 *
 * Without a server in this process the callbacks are not known, and conversations in which the server's application
 * does something cannot be played.
 *
 * @throws Error for a conversation that is not suited.
 */
export async function playOverSockets(
  recording: Recording,
  stage: Stage,
  inProcess?: ServerInProcess,
): Promise<Transcript> {
  const startedAt = performance.now();
  const now = () => performance.now() - startedAt;
  let onObserved = () => {};
  const transcript = new Transcript(recording, () => onObserved());
  const emit = (callback: ServerCallback) => {
    transcript.callbacks.push({ atMs: now(), callback });
    onObserved();
  };
  if (inProcess !== undefined) inProcess.listener = emit;
  const otherSystem = inProcess?.otherSystem;
  if (otherSystem !== undefined) {
    otherSystem.onPublished = (payload) => {
      transcript.published.push({ atMs: now(), queue: 'q_app2web', payload });
      onObserved();
    };
  }

  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const settle = () => {
        clearTimeout(timer);
        onObserved = () => {};
        resolve();
      };
      const timer = setTimeout(settle, DEADLINE_MS);
      onObserved = () => {
        if (condition()) settle();
      };
      onObserved();
    });
  const played = new Set<RecordedEntry>();
  const hasSeenAll = () =>
    [...connectionsOf(recording)].every((name) => hasSeen(recording, transcript, name, played));

  const hasHeardAll = () =>
    recording.callbacks.every(({ callback }) => hasHeard(transcript, recording, callback));
  /** With another system behind, whose time nobody knows, everything that came before must have come before. */
  const isAsFar = (atMs: number) => until(() => hasSeenAll() && hasPublished(recording, transcript, atMs));
  const goodbyes = finalGoodbyes(recording);

  const clients = new Clients(stage, transcript, now);
  const acts = actsOf(recording);
  for (const entry of recording.entries) {
    while (acts[0] !== undefined && acts[0].atMs <= entry.atMs) {
      const act = acts.shift();
      await until(() => areLoginsAnswered(played, transcript));
      if (otherSystem !== undefined && act !== undefined) await isAsFar(act.atMs);
      if (act?.kind === 'send' && inProcess !== undefined) await sendFromServer(inProcess.server, act, emit);
      else if (act?.kind === 'kick' && inProcess !== undefined) kickFromServer(inProcess.server, act, emit);
      else if (act?.kind === 'bridge' && otherSystem !== undefined) await otherSystem.send(act.payload);
      else
        throw new Error(`${recording.name} cannot be played over sockets: its server does more than answer`);
    }
    if (otherSystem !== undefined && isFrame(entry, 'client')) await isAsFar(entry.atMs);
    if (isFrame(entry, 'client'))
      await until(() => mayBeSent(entry.body, entry.connection, played, transcript));
    else if (entry.kind === 'close')
      await until(() => hasSeen(recording, transcript, entry.connection, played));
    if (isLogin(entry)) await nextMillisecond();
    if (entry === goodbyes[0]) transcript.endsAtMs = now();
    await clients.perform(entry);
    played.add(entry);
  }
  await until(
    () =>
      hasSeenAll() &&
      (inProcess === undefined || hasHeardAll()) &&
      hasPublished(recording, transcript, Number.POSITIVE_INFINITY),
  );
  transcript.endsAtMs = Math.min(transcript.endsAtMs, now());
  clients.closeAll();
  return transcript;
}

/** An acknowledgement follows what it acknowledges, everything else the answers to logins. */
function mayBeSent(
  body: string,
  connection: string,
  played: ReadonlySet<RecordedEntry>,
  transcript: Transcript,
): boolean {
  const { type, dataContent } = packetOf(body);
  if (!areLoginsAnswered(played, transcript)) return false;
  const isForeign = !transcript.observationsOf(connection).some(({ kind }) => kind === 'frame');
  if (type !== PacketType.Acknowledgement || isForeign) return true;
  return transcript
    .observationsOf(connection)
    .some((observation) => observation.kind === 'frame' && packetOf(observation.body)['fp'] === dataContent);
}

function areLoginsAnswered(played: ReadonlySet<RecordedEntry>, transcript: Transcript): boolean {
  for (const entry of played) {
    if (isLogin(entry) && transcript.observationsOf(entry.connection).length === 0) return false;
  }
  return true;
}

/** Whether a client has seen as much as the recorded one had by now. */
function hasSeen(
  recording: Recording,
  transcript: Transcript,
  connection: string,
  played: ReadonlySet<RecordedEntry>,
): boolean {
  let expected = 0;
  for (const entry of recording.entries) {
    const isSight =
      isFrame(entry, 'server') ||
      ((entry.kind === 'close' || entry.kind === 'close-frame') && entry.by === 'server');
    if (entry.connection === connection && isSight && played.has(entry)) expected += 1;
  }
  return transcript.observationsOf(connection).length >= expected;
}

/** Whether the server has published as much as the recorded one had before this instant. */
function hasPublished(recording: Recording, transcript: Transcript, atMs: number): boolean {
  const expected = recording.queue.filter((entry) => entry.queue === 'q_app2web' && entry.atMs < atMs);
  return transcript.published.length >= expected.length;
}

/** Whether the server has called back as often for the same thing as the recorded one. */
function hasHeard(
  transcript: Transcript,
  recording: Recording,
  { ev, user, kickCode }: ServerCallback,
): boolean {
  const count = (callbacks: Recording['callbacks']) =>
    callbacks.filter(
      ({ callback }) => callback.ev === ev && callback['user'] === user && callback['kickCode'] === kickCode,
    ).length;
  return count(transcript.callbacks) >= count(recording.callbacks);
}

/** The clients' leave at the end; what the server still does then was not always recorded. */
function finalGoodbyes({ entries }: Recording): readonly RecordedEntry[] {
  const last = entries.findLastIndex((entry) => entry.kind !== 'close' || entry.by !== 'client');
  return entries.slice(last + 1);
}

function isLogin(entry: RecordedEntry): boolean {
  return isFrame(entry, 'client') && packetOf(entry.body)['type'] === PacketType.Login;
}

/** Two logins within one millisecond would be given the same time, and could not be told apart. */
function nextMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
}
