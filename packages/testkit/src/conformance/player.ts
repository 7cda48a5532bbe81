import type { Clock } from '@imcore/protocol';
import type { Route } from '@imcore/server';
import { VirtualClock } from '../virtual-clock.js';
import { Clients } from './clients.js';
import { endOf, type RecordedEntry, type Recording, type ServerCallback } from './recording.js';
import { actsOf, type ServerAct } from './server-acts.js';
import { followEvents, kickFromServer, recordedRules, sendFromServer } from './server-rules.js';
import type { OtherSystem } from './socket-player.js';
import { Transcript } from './transcript.js';
import { VirtualStage } from './virtual-stage.js';

/** How long the play continues after the recording's end, for what our server does a little later. */
const TAIL_MS = 5000;

/** A bridge in this process: the server's side, and the system on the other. */
export interface BridgeInProcess {
  readonly route: Route;
  readonly otherSystem: OtherSystem;
}

/** Options of {@link playInVirtualTime}. */
export interface PlayOptions {
  /** Creates the bridge for a conversation that has one. */
  readonly createBridge?: (clock: Clock) => BridgeInProcess;
}

/**
 * Plays a recording against our server in virtual time: clients, the server's application and its operator do what they
 * did in the recording, at the same instants.
 *
 * @throws Error for a conversation with a bridge where `createBridge` is missing.
 */
export async function playInVirtualTime(
  recording: Recording,
  options: PlayOptions = {},
): Promise<Transcript> {
  const clock = new VirtualClock();
  const transcript = new Transcript(recording);
  const emit = (callback: ServerCallback) => transcript.callbacks.push({ atMs: clock.now(), callback });
  const bridge = recording.queue.length > 0 ? options.createBridge?.(clock) : undefined;
  if (bridge !== undefined) {
    bridge.otherSystem.onPublished = (payload) =>
      transcript.published.push({ atMs: clock.now(), queue: 'q_app2web', payload });
  }
  const stage = new VirtualStage({
    clock,
    hooks: recordedRules({ emit }),
    server: bridge === undefined ? {} : { routes: [bridge.route] },
    onServer: (server) => {
      followEvents(server, (callback) => {
        if (stage.isRunning(server)) emit(callback);
      });
    },
  });
  await stage.start();
  const clients = new Clients(stage, transcript, () => clock.now());
  for (const step of stepsOf(recording)) {
    await clock.advanceToAsync(step.atMs);
    if (step.act !== undefined) await perform(step.act, stage, bridge?.otherSystem, emit);
    else await clients.perform(step.entry);
    await clock.advanceAsync(0);
  }
  transcript.endsAtMs = endOf(recording);
  await clock.advanceToAsync(transcript.endsAtMs + TAIL_MS);
  return transcript;
}

type Step =
  | { readonly atMs: number; readonly act: ServerAct; readonly entry?: undefined }
  | { readonly atMs: number; readonly entry: RecordedEntry; readonly act?: undefined };

/** Acts and entries in the order of their instants; acts first where those are equal. */
function stepsOf(recording: Recording): Step[] {
  const acts: Step[] = actsOf(recording).map((act) => ({ atMs: act.atMs, act }));
  const entries: Step[] = recording.entries.map((entry) => ({ atMs: entry.atMs, entry }));
  return [...acts, ...entries].sort((a, b) => a.atMs - b.atMs);
}

async function perform(
  act: ServerAct,
  stage: VirtualStage,
  otherSystem: OtherSystem | undefined,
  emit: (callback: ServerCallback) => void,
): Promise<void> {
  switch (act.kind) {
    case 'send':
      return await sendFromServer(stage.server, act, emit);
    case 'kick':
      kickFromServer(stage.server, act, emit);
      return;
    case 'bridge':
      if (otherSystem === undefined) throw new Error('a conversation with a bridge needs createBridge');
      return await otherSystem.send(act.payload);
    case 'stop':
      return await stage.kill();
    case 'start':
      return await stage.start();
    default:
      act satisfies never;
  }
}
