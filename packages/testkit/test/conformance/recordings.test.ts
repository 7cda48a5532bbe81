import { describe, expect, it } from 'vitest';
import { createMemoryBridge } from '../../../bridge-rabbitmq/test/support/memory-bridge.js';
import { compare, showDifference } from '../../src/conformance/comparison.js';
import { judgeDifferences, parseKnownDifferences } from '../../src/conformance/known-differences.js';
import { playInVirtualTime } from '../../src/conformance/player.js';
import { conversationNames, readProtocolFile, readRecording } from './fixtures.js';

const known = parseKnownDifferences(readProtocolFile('differences.md'));
const names = conversationNames();

describe('our server in the recorded conversations', () => {
  it('is tested in all of them', () => {
    expect(names.length).toBe(93);
  });

  it.each(names)('answers as recorded, or as docs/protocol/differences.md says: %s', async (name) => {
    const recording = readRecording(name);
    const transcript = await playInVirtualTime(recording, { createBridge: createMemoryBridge });
    const differences = compare(recording, transcript, { times: true }).map(showDifference);
    expect(judgeDifferences(known, name, differences)).toEqual({ undocumented: [], outdated: [] });
  });

  it('has no row in docs/protocol/differences.md for a conversation that does not exist', () => {
    expect(
      known.flatMap(({ conversations }) => conversations).filter((name) => !names.includes(name)),
    ).toEqual([]);
  });
});
