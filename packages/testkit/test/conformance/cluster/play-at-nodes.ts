import { PacketType } from '@imcore/protocol';
import { Clients } from '../../../src/conformance/clients.js';
import {
  endOf,
  isFrame,
  packetOf,
  type RecordedEntry,
  type Recording,
} from '../../../src/conformance/recording.js';
import { actsOf, type ServerAct } from '../../../src/conformance/server-acts.js';
import { kickFromServer, sendFromServer } from '../../../src/conformance/server-rules.js';
import { Transcript } from '../../../src/conformance/transcript.js';
import { VirtualClock } from '../../../src/virtual-clock.js';
import { SimulatedNodes } from './simulated-nodes.js';

/**
 * How long the play continues after the recording's end, in milliseconds: shorter than the time until a message is retransmitted that
 * the recorded client acknowledged after it.
 */
const TAIL_MS = 3000;

/** How long a client waits at most for the packet that it acknowledged in the recording, in milliseconds. */
const MAX_WAIT_MS = 60;

/**
 * Plays a recording in virtual time at one node without a cluster, or at two nodes, with the same store. A client acknowledges a
 * packet at the recorded instant, or as soon as it has come.
 */
export async function playAtNodes(
  recording: Recording,
  count: 1 | 2,
  nodeOf: (connection: string) => number,
): Promise<Transcript> {
  const clock = new VirtualClock();
  const nodes = new SimulatedNodes(clock, count, nodeOf);
  await nodes.start();
  const startedAt = clock.now();
  const now = () => clock.now() - startedAt;
  const transcript = new Transcript(recording);
  const clients = new Clients(nodes, transcript, now);
  const acts = actsOf(recording);
  const actUntil = async (atMs: number): Promise<void> => {
    for (let act = acts[0]; act !== undefined && act.atMs <= atMs; act = acts[0]) {
      acts.shift();
      await clock.advanceToAsync(startedAt + act.atMs);
      await perform(act, nodes);
      await clock.advanceAsync(0);
    }
  };
  for (const entry of recording.entries) {
    await actUntil(entry.atMs);
    await clock.advanceToAsync(startedAt + entry.atMs);
    for (let left = MAX_WAIT_MS; left > 0 && isEarly(entry, transcript); left -= 1)
      await clock.advanceAsync(1);
    await clients.perform(entry);
    await clock.advanceAsync(0);
  }
  await actUntil(Number.POSITIVE_INFINITY);
  transcript.endsAtMs = endOf(recording);
  await clock.advanceToAsync(startedAt + transcript.endsAtMs + TAIL_MS);
  return transcript;
}

/** The application acts at the last node, wherever its user is. */
async function perform(act: ServerAct, nodes: SimulatedNodes): Promise<void> {
  switch (act.kind) {
    case 'send':
      return await sendFromServer(nodes.last.server, act, () => {});
    case 'kick': {
      const { cluster } = nodes.last.server;
      if (cluster === undefined) kickFromServer(nodes.last.server, act, () => {});
      else void cluster.kick(act.user, { code: act.code, reason: act.reason });
      return;
    }
    case 'stop':
      return await nodes.kill();
    case 'start':
      return await nodes.restart();
    case 'bridge':
      throw new Error('a bridge belongs to one node');
    default:
      act satisfies never;
  }
}

/** Whether this is an acknowledgement of a packet that has not come yet. */
function isEarly(entry: RecordedEntry, transcript: Transcript): boolean {
  if (!isFrame(entry, 'client')) return false;
  const { type, dataContent } = packetOf(entry.body);
  if (type !== PacketType.Acknowledgement) return false;
  return !transcript
    .observationsOf(entry.connection)
    .some((seen) => seen.kind === 'frame' && packetOf(seen.body)['fp'] === dataContent);
}
