import { describe, expect, it } from 'vitest';
import { judgeDifferences } from '../../../src/conformance/known-differences.js';
import { conversationNames, readRecording } from '../fixtures.js';
import { byConnection, byUser, compareBytes } from './compare-bytes.js';
import { playAtNodes } from './play-at-nodes.js';

/** Where two nodes do not bring the bytes of one node, and why. `*` matches any text. */
const DIFFERENCES = [
  {
    conversations: ['tcp-same-fp-twice-to-java', 'udp-same-fp-twice-to-java'],
    patterns: ['tcp#* has {"bridge":false,"type":4,"dataContent":"dup-","from":"bob","to":"alice",*'],
    why:
      'At one node the second copy of the message comes while the first one is in flight, and is dropped. Between two nodes ' +
      'the first one has been stored and acknowledged by then, so the copy is acknowledged again, as the original server does.',
  },
  {
    conversations: ['tcp-s2c-not-acked-is-resent-then-lost', 'udp-s2c-not-acked-is-resent-then-lost'],
    patterns: ['*#1 lacks {"bridge":false,"type":51,*', '*#1 has {"bridge":false,"type":51,*'],
    why:
      'The same frames in another order: the copy of the message is written before the response to a keep-alive, not after it. Its ' +
      'receiver never acknowledges; between two nodes the message comes from the store and is retransmitted after 5 s, at one node it ' +
      'is stored after 1 s and retransmitted 5 s later.',
  },
  {
    conversations: ['ws-non-qos'],
    patterns: ['ws#2 lacks {"bridge":false,"type":2,"dataContent":"no receipt wanted",*'],
    why:
      "The message has no QoS and is sent within milliseconds of its receiver's login. A node announces a login only when the " +
      "connection has been seen to stay open, so the sender's node does not know of the receiver yet.",
  },
];
const known = DIFFERENCES.map(({ conversations, patterns }, index) => {
  return { line: index + 1, conversations, patterns: patterns.map((text) => ({ text, times: 1 })) };
});

/** All but the one with a bridge, which belongs to one node. */
const names = conversationNames().filter((name) => readRecording(name).queue.length === 0);

describe.each([
  ['each user at another node', byUser],
  ['each connection at another node', byConnection],
])('the recorded conversations, %s', (_title, placing) => {
  it.each(names)('bring everybody the bytes that one node brings: %s', async (name) => {
    const recording = readRecording(name);
    const nodeOf = placing(recording);
    const one = await playAtNodes(recording, 1, nodeOf);
    const two = await playAtNodes(recording, 2, nodeOf);
    const differences = compareBytes(recording, one, two);
    expect(judgeDifferences(known, name, differences)).toEqual({ undocumented: [], outdated: [] });
  });
});
