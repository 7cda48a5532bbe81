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

  it('shortens a long text where it is repeated', () => {
    const { screen, messages } = screenWithOutputs();
    const text = '你'.repeat(1000);
    screen.added({ ...waiting, text });
    screen.changed({ ...waiting, text, delivery: { state: 'delivered' } });
    expect(messages[0]).toHaveLength(1011);
    expect(messages[1]).toBe(`✓ to bob: ${'你'.repeat(60)}…\n`);
  });

  it('keeps notices apart from messages', () => {
    const { screen, messages, notices } = screenWithOutputs();
    screen.added({ kind: 'notice', id: 2, text: 'Connected.', tone: 'good' });
    expect([messages, notices]).toEqual([[], ['* Connected.\n']]);
  });

  it('says once that the link is gone and when the next try comes', () => {
    const { screen, notices } = screenWithOutputs();
    screen.setLinkStatus({ text: 'The server has closed the connection.', retryAt: 12_500 });
    screen.setLinkStatus(undefined);
    expect(notices).toEqual(['* The server has closed the connection. Next try in 3 s.\n']);
  });
});
