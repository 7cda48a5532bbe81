import { describe, expect, it } from 'vitest';
import { PlainScreen } from '../../src/chat/plain-screen.js';
import type { OutgoingEntry } from '../../src/chat/transcript.js';

function screenWithOutputs() {
  const messages: string[] = [];
  const notices: string[] = [];
  const screen = new PlainScreen(
    (text) => messages.push(text),
    (text) => notices.push(text),
    () => 10_000,
  );
  return { screen, messages, notices };
}

const waiting: OutgoingEntry = {
  kind: 'outgoing',
  id: 1,
  to: 'bob',
  text: 'hi',
  delivery: { state: 'waiting' },
};

describe('PlainScreen', () => {
  it('adds a line for each step of a delivery', () => {
    const { screen, messages } = screenWithOutputs();
    screen.added(waiting);
    screen.changed({ ...waiting, delivery: { state: 'delivered' } });
    expect(messages).toEqual(['… to bob: hi\n', '✓ to bob: hi\n']);
  });

  it('shortens a long text when it is repeated', () => {
    const { screen, messages } = screenWithOutputs();
    const text = '你'.repeat(1000);
    screen.added({ ...waiting, text });
    screen.changed({ ...waiting, text, delivery: { state: 'delivered' } });
    expect(messages[0]).toHaveLength(1011);
    expect(messages[1]).toBe(`✓ to bob: ${'你'.repeat(60)}…\n`);
  });

  it('writes notices and messages to different outputs', () => {
    const { screen, messages, notices } = screenWithOutputs();
    screen.added({ kind: 'notice', id: 2, text: 'Connected.', tone: 'good' });
    expect([messages, notices]).toEqual([[], ['* Connected.\n']]);
  });

  it('reports a lost connection once, with the time of the next retry', () => {
    const { screen, notices } = screenWithOutputs();
    screen.setLinkStatus({ text: 'The server closed the connection.', retryAt: 12_500 });
    screen.setLinkStatus(undefined);
    expect(notices).toEqual(['* The server closed the connection. Retrying in 3 s.\n']);
  });
});
