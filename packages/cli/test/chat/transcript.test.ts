import { describe, expect, it } from 'vitest';
import { type Entry, Transcript } from '../../src/chat/transcript.js';

function transcriptWithView() {
  const added: Entry[] = [];
  const changed: Entry[] = [];
  const transcript = new Transcript({
    added: (entry) => added.push(entry),
    changed: (entry) => changed.push(entry),
  });
  return { transcript, added, changed };
}

describe('Transcript', () => {
  it('shows a line as waiting and then with its delivery state', () => {
    const { transcript, added, changed } = transcriptWithView();
    const id = transcript.outgoing('bob', 'hello');
    expect(added).toEqual([
      { kind: 'outgoing', id, to: 'bob', text: 'hello', delivery: { state: 'waiting' } },
    ]);
    transcript.settle(id, { state: 'delivered' });
    expect(changed).toEqual([
      { kind: 'outgoing', id, to: 'bob', text: 'hello', delivery: { state: 'delivered' } },
    ]);
  });

  it('counts waiting and failed lines', () => {
    const { transcript } = transcriptWithView();
    const first = transcript.outgoing('bob', '1');
    transcript.outgoing('bob', '2');
    transcript.settle(first, { state: 'failed', reason: 'too long' });
    expect([transcript.waiting, transcript.failed]).toEqual([1, 1]);
  });

  it('settles a line once', () => {
    const { transcript, changed } = transcriptWithView();
    const id = transcript.outgoing('bob', '1');
    transcript.settle(id, { state: 'delivered' });
    transcript.settle(id, { state: 'failed', reason: 'late' });
    expect(changed).toHaveLength(1);
    expect(transcript.failed).toBe(0);
  });

  it('resolves when few enough lines are waiting', async () => {
    const { transcript } = transcriptWithView();
    const ids = ['1', '2', '3'].map((text) => transcript.outgoing('bob', text));
    let isThere = false;
    const waiting = transcript.atMostWaiting(1).then(() => {
      isThere = true;
    });
    for (const [settled, id] of ids.entries()) {
      expect(isThere).toBe(settled >= 2);
      transcript.settle(id, { state: 'delivered' });
      await Promise.resolve();
      await Promise.resolve();
    }
    await waiting;
  });
});
