import { describe, expect, it } from 'vitest';
import { compare, showDifference } from '../../src/conformance/comparison.js';
import { playInVirtualTime } from '../../src/conformance/player.js';
import { isFrame } from '../../src/conformance/recording.js';
import { type Observation, Transcript } from '../../src/conformance/transcript.js';
import { readRecording } from './fixtures.js';

/** The differences after changing what one connection of a play received. */
function altered(
  name: string,
  transcript: Transcript,
  change: (seen: readonly Observation[]) => readonly Observation[],
): string[] {
  const recording = readRecording(name);
  const copy = new Transcript(recording);
  copy.endsAtMs = transcript.endsAtMs;
  copy.callbacks.push(...transcript.callbacks);
  for (const entry of recording.entries)
    if (isFrame(entry, 'client')) copy.rewriteLogin(entry.connection, entry.body);
  for (const connection of new Set(recording.entries.map((entry) => entry.connection))) {
    const seen = transcript.observationsOf(connection);
    for (const observation of connection === 'tcp#1' ? change(seen) : seen)
      copy.observe(connection, observation);
  }
  return compare(recording, copy, { times: true }).map(showDifference);
}

describe('compare', () => {
  it('finds no difference where our server did what the original did', async () => {
    const transcript = await playInVirtualTime(readRecording('tcp-s2c'));
    expect(altered('tcp-s2c', transcript, (seen) => seen)).toEqual([]);
  });

  it('finds a missing frame', async () => {
    const transcript = await playInVirtualTime(readRecording('tcp-s2c'));
    expect(altered('tcp-s2c', transcript, (seen) => seen.slice(0, 1))).toEqual([
      'tcp#1 lacks 2 0>bob "系统通知 <&>" fp=s2c QoS typeu=9',
    ]);
  });

  it('finds an additional frame', async () => {
    const transcript = await playInVirtualTime(readRecording('tcp-s2c'));
    expect(
      altered('tcp-s2c', transcript, ([login, ...rest]) => (login ? [login, login, ...rest] : [])),
    ).toEqual([expect.stringMatching(/^tcp#1 has 50 0>bob /)]);
  });

  it('finds a changed field', async () => {
    const transcript = await playInVirtualTime(readRecording('tcp-s2c'));
    const differences = altered('tcp-s2c', transcript, (seen) =>
      seen.map((observation) =>
        observation.kind === 'frame'
          ? { ...observation, body: observation.body.replace('"typeu":9', '"typeu":8') }
          : observation,
      ),
    );
    expect(differences).toEqual([
      'tcp#1 lacks 2 0>bob "系统通知 <&>" fp=s2c QoS typeu=9',
      'tcp#1 has 2 0>bob "系统通知 <&>" fp=s2c QoS typeu=8',
    ]);
  });

  it('finds frames in another order', async () => {
    const transcript = await playInVirtualTime(readRecording('tcp-s2c'));
    expect(altered('tcp-s2c', transcript, (seen) => seen.toReversed())).toHaveLength(2);
  });

  it('finds a connection that was not closed', async () => {
    const transcript = await playInVirtualTime(readRecording('tcp-login-refused'));
    expect(
      altered('tcp-login-refused', transcript, (seen) => seen.filter(({ kind }) => kind !== 'close')),
    ).toEqual(['tcp#1 lacks close']);
  });

  it('finds a connection that was closed too late', async () => {
    const name = 'tcp-silent-raw-times-out';
    const transcript = await playInVirtualTime(readRecording(name));
    const differences = altered(name, transcript, (seen) =>
      seen.map((observation) =>
        observation.kind === 'close' ? { ...observation, atMs: 20_000 } : observation,
      ),
    );
    expect(differences).toEqual(['tcp#1 late close after 19998 ms instead of 7030']);
  });

  it('finds a retransmission that was too early', async () => {
    const name = 'tcp-s2c-not-acked-is-resent-then-lost';
    const transcript = await playInVirtualTime(readRecording(name));
    const differences = altered(name, transcript, (seen) =>
      seen.map((observation) =>
        observation.atMs > 5000 && observation.atMs < 6000 ? { ...observation, atMs: 1600 } : observation,
      ),
    );
    expect(differences).toEqual([
      expect.stringMatching(/^tcp#1 early 2 0>deaf .* after \d+ ms instead of 4267$/),
    ]);
  });

  it('finds a missing callback', async () => {
    const recording = readRecording('tcp-c2s');
    const transcript = await playInVirtualTime(recording);
    const without = transcript.callbacks.filter(({ callback }) => callback.ev !== 'c2s');
    transcript.callbacks.splice(0, transcript.callbacks.length, ...without);
    expect(compare(recording, transcript).map(showDifference)).toEqual([
      expect.stringMatching(/^server lacks c2s alice>0 /),
    ]);
  });
});
