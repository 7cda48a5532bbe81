import { MemoryBridge, MemoryBroker } from '../memory/memory-bridge.js';
import { Clients } from './clients.js';
import { endOf, type RecordedEntry, type Recording, type ServerCallback } from './recording.js';
import { actsOf, type ServerAct } from './server-acts.js';
import { followEvents, kickFromServer, recordedRules, sendFromServer } from './server-rules.js';
import { Transcript } from './transcript.js';
import { VirtualStage } from './virtual-stage.js';

/** How long the play continues after the recording's end, for what our server does a little later. */
const TAIL_MS = 5000;

/**
 * Plays a recording against our server in virtual time: clients, the server's application and its operator do what they
 * did in the recording, at the same instants.
 */
export async function playInVirtualTime(recording: Recording): Promise<Transcript> {
  const transcript = new Transcript(recording);
  const emit = (callback: ServerCallback) => transcript.callbacks.push({ atMs: stage.clock.now(), callback });
  const broker = new MemoryBroker({
    get clock() {
      return stage.clock;
    },
    onPublished: (payload) =>
      transcript.published.push({ atMs: stage.clock.now(), queue: 'q_app2web', payload }),
  });
  const stage: VirtualStage = new VirtualStage({
    hooks: recordedRules({ emit }),
    server: recording.queue.length > 0 ? { bridge: new MemoryBridge(broker) } : {},
    onServer: (server) => {
      followEvents(server, (callback) => {
        if (stage.isRunning(server)) emit(callback);
      });
    },
  });
  await stage.start();
  const clients = new Clients(stage, transcript, () => stage.clock.now());
  for (const step of stepsOf(recording)) {
    await stage.clock.advanceToAsync(step.atMs);
    if (step.act !== undefined) await perform(step.act, stage, broker, emit);
    else await clients.perform(step.entry);
    await stage.clock.advanceAsync(0);
  }
  transcript.endsAtMs = endOf(recording);
  await stage.clock.advanceToAsync(transcript.endsAtMs + TAIL_MS);
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
  broker: MemoryBroker,
  emit: (callback: ServerCallback) => void,
): Promise<void> {
  switch (act.kind) {
    case 'send':
      return await sendFromServer(stage.server, act, emit);
    case 'kick':
      kickFromServer(stage.server, act, emit);
      return;
    case 'bridge':
      broker.send(act.payload);
      return;
    case 'stop':
      return await stage.kill();
    case 'start':
      return await stage.start();
    default:
      act satisfies never;
  }
}
