import { PacketType } from '@imcore/protocol';
import { align } from '../../../src/conformance/alignment.js';
import { connectionsOf, isFrame, packetOf, type Recording } from '../../../src/conformance/recording.js';
import type { Observation } from '../../../src/conformance/transcript.js';

/** Which node a connection of a recording leads to, from 0. */
export type NodeOf = (connection: string) => number;

/** What a play has shown: a `Transcript`. */
interface Play {
  observationsOf(connection: string): readonly Observation[];
}

/** Each user at another node: all connections of a user lead to the same one. */
export function byUser(recording: Recording): NodeOf {
  const users = new Map<string, string>();
  for (const entry of recording.entries) {
    const user = isFrame(entry, 'client') ? packetOf(entry.body)['from'] : undefined;
    if (typeof user === 'string' && !users.has(entry.connection)) users.set(entry.connection, user);
  }
  const order = [...new Set(users.values())];
  return (connection) => Math.max(0, order.indexOf(users.get(connection) ?? ''));
}

/** Each connection at another node, also those of one user. */
export function byConnection(recording: Recording): NodeOf {
  const order = [...connectionsOf(recording)];
  return (connection) => order.indexOf(connection);
}

/**
 * What the clients received at one node and not at two (`lacks`), or the other way round (`has`): byte for byte and in order, on
 * each connection. Acknowledgements have no order: between two nodes the store gives them, and not the receiver.
 * Only the times that servers give at a login differ from play to play: they count as first, second, …
 */
export function compareBytes(recording: Recording, one: Play, two: Play): string[] {
  const differences: string[] = [];
  for (const connection of connectionsOf(recording)) {
    for (const isOne of [isAcknowledgement, (seen: Observation) => !isAcknowledgement(seen)]) {
      const [expectedAll, foundAll] = [seenOn(one, connection, isOne), seenOn(two, connection, isOne)];
      for (const { expected, found } of align(expectedAll, foundAll)) {
        if (found === undefined) differences.push(`${connection} lacks ${expected?.key}`);
        else if (expected === undefined) differences.push(`${connection} has ${found.key}`);
      }
    }
  }
  return differences.map((line) => line.replaceAll(recording.name, '').replaceAll('."', '"'));
}

function isAcknowledgement(seen: Observation): boolean {
  return seen.kind === 'frame' && packetOf(seen.body)['type'] === PacketType.Acknowledgement;
}

function seenOn(
  play: Play,
  connection: string,
  isOne: (seen: Observation) => boolean,
): { readonly key: string }[] {
  const times = new Map<string, string>();
  const seen = play
    .observationsOf(connection)
    .filter(isOne)
    .map((seen) => {
      if (seen.kind === 'close-frame') return { key: `close frame ${seen.hex}` };
      if (seen.kind === 'close') return { key: 'close' };
      const key = seen.body.replace(/(?<=firstLoginTime\\":)\d{13}/g, (time) => {
        const known = times.get(time) ?? `time ${times.size + 1}`;
        times.set(time, known);
        return known;
      });
      return { key };
    });
  return isOne === isAcknowledgement ? seen.sort((one, other) => (one.key < other.key ? -1 : 1)) : seen;
}
