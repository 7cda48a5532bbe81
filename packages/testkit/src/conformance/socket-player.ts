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

/** How long an expected packet or callback may take, in milliseconds. */
const DEADLINE_MS = 3000;

/** A server in this process, for a play over sockets. */
export interface ServerInProcess {
  readonly server: ImServer;
  /** Gets the callbacks of its hooks and events. Set by the play. */
  listener: (callback: ServerCallback) => void;
  /** The system on the other side of its bridge, if it has one. */
  readonly otherSystem?: OtherSystem;
}

/** The system on the other side of a bridge. */
export interface OtherSystem {
  /** Gets what the server publishes. Set by the play. */
  onPublished: (text: string) => void;
  send(text: string): Promise<void>;
}

/**
 * Plays a recording against a server over real sockets, as fast as possible. It does not wait for the recorded instants,
 * only for what must come before: a client continues when logins are answered, acknowledges what it has received, and
 * leaves when it has received what the recorded one had.
 *
 * Without a server in this process, callbacks are not compared, and conversations in which the server's application acts
 * cannot be played.
 *
 * @throws Error for a conversation that cannot be played.
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
  const hasReceivedAll = () =>
    [...connectionsOf(recording)].every((name) => hasReceived(recording, transcript, name, played));

  const hasCalledBackAll = () =>
    recording.callbacks.every(({ callback }) => hasCalledBack(transcript, recording, callback));
  /** The other system's timing is unknown, so everything before this instant must have happened. */
  const reaches = (atMs: number) =>
    until(() => hasReceivedAll() && hasPublished(recording, transcript, atMs));
  const closes = finalCloses(recording);

  const clients = new Clients(stage, transcript, now);
  const acts = actsOf(recording);
  for (const entry of recording.entries) {
    while (acts[0] !== undefined && acts[0].atMs <= entry.atMs) {
      const act = acts.shift();
      await until(() => areLoginsAnswered(played, transcript));
      if (inProcess !== undefined) await addressesProven(inProcess.server);
      if (otherSystem !== undefined && act !== undefined) await reaches(act.atMs);
      if (act?.kind === 'send' && inProcess !== undefined) await sendFromServer(inProcess.server, act, emit);
      else if (act?.kind === 'kick' && inProcess !== undefined) kickFromServer(inProcess.server, act, emit);
      else if (act?.kind === 'bridge' && otherSystem !== undefined) await otherSystem.send(act.payload);
      else
        throw new Error(`${recording.name} cannot be played over sockets: its server does more than answer`);
    }
    if (otherSystem !== undefined && isFrame(entry, 'client')) await reaches(entry.atMs);
    if (isFrame(entry, 'client'))
      await until(() => mayBeSent(entry.body, entry.connection, played, transcript));
    else if (entry.kind === 'close')
      await until(() => hasReceived(recording, transcript, entry.connection, played));
    if (isLogin(entry)) await nextMillisecond();
    if (entry === closes[0]) transcript.endsAtMs = now();
    await clients.perform(entry);
    played.add(entry);
  }
  await until(
    () =>
      hasReceivedAll() &&
      (inProcess === undefined || hasCalledBackAll()) &&
      hasPublished(recording, transcript, Number.POSITIVE_INFINITY),
  );
  transcript.endsAtMs = Math.min(transcript.endsAtMs, now());
  clients.closeAll();
  return transcript;
}

/** An acknowledgement must follow its packet; everything else must follow the answers to logins. */
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

/** Whether a client has received as much as the recorded one had by now. */
function hasReceived(
  recording: Recording,
  transcript: Transcript,
  connection: string,
  played: ReadonlySet<RecordedEntry>,
): boolean {
  let expected = 0;
  for (const entry of recording.entries) {
    const isFromServer =
      isFrame(entry, 'server') ||
      ((entry.kind === 'close' || entry.kind === 'close-frame') && entry.by === 'server');
    if (entry.connection === connection && isFromServer && played.has(entry)) expected += 1;
  }
  return transcript.observationsOf(connection).length >= expected;
}

/** Whether the server has published as many messages as the recorded one had before this instant. */
function hasPublished(recording: Recording, transcript: Transcript, atMs: number): boolean {
  const expected = recording.queue.filter((entry) => entry.queue === 'q_app2web' && entry.atMs < atMs);
  return transcript.published.length >= expected.length;
}

/** Whether the server has made as many callbacks of this kind as the recorded one. */
function hasCalledBack(
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

/** The ends of connections by clients at the end. What the server did after them was not always recorded. */
function finalCloses({ entries }: Recording): readonly RecordedEntry[] {
  const last = entries.findLastIndex((entry) => entry.kind !== 'close' || entry.by !== 'client');
  return entries.slice(last + 1);
}

function isLogin(entry: RecordedEntry): boolean {
  return isFrame(entry, 'client') && packetOf(entry.body)['type'] === PacketType.Login;
}

/** Resolves when all clients have proved their addresses: what comes after the end of their sessions would get error 301. */
async function addressesProven(server: ImServer): Promise<void> {
  const until = performance.now() + DEADLINE_MS;
  while ((server.metrics()['unprovenAddresses'] ?? 0) > 0 && performance.now() < until)
    await nextMillisecond();
}

/** Two logins within one millisecond would get the same time, and could not be distinguished. */
function nextMillisecond(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 2);
  });
}
