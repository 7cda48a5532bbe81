import { beforeEach, describe, expect, it } from 'vitest';
import { TerminalScreen } from '../../src/chat/terminal-screen.js';
import type { OutgoingEntry } from '../../src/chat/transcript.js';
import { createStyle } from '../../src/terminal/style.js';
import { ScreenModel } from './screen-model.js';

const style = createStyle({}, {});

describe('TerminalScreen', () => {
  let terminal: ScreenModel;
  let screen: TerminalScreen;
  let now: number;

  beforeEach(() => {
    terminal = new ScreenModel(20, 6);
    now = 0;
    screen = new TerminalScreen(terminal, style, () => now);
  });

  const say = (id: number, text: string): OutgoingEntry => {
    const entry: OutgoingEntry = { kind: 'outgoing', id, to: 'bob', text, delivery: { state: 'waiting' } };
    screen.added(entry);
    return entry;
  };
  const deliver = (entry: OutgoingEntry) => screen.changed({ ...entry, delivery: { state: 'delivered' } });
  const hear = (id: number, text: string) => screen.added({ kind: 'incoming', id, from: 'bob', text });
  const type = (text: string, before = text) =>
    screen.setInput({ prompt: '> ', text, textBeforeCursor: before });

  it('shows received messages above the input line', () => {
    type('half');
    hear(1, 'hi');
    expect(terminal.lines()).toEqual(['  bob: hi', '> half']);
    expect(terminal.cursor).toEqual({ row: 1, column: 6 });
  });

  it('changes the mark of a line in place', () => {
    type('');
    const entry = say(1, 'hi');
    expect(terminal.lines()).toEqual(['… to bob: hi', '> ']);
    deliver(entry);
    expect(terminal.lines()).toEqual(['✓ to bob: hi', '> ']);
  });

  it('changes a line in place between a waiting line and a newer message', () => {
    type('x');
    say(1, 'first');
    const second = say(2, 'second');
    hear(3, 'hi');
    deliver(second);
    expect(terminal.lines()).toEqual(['… to bob: first', '✓ to bob: second', '  bob: hi', '> x']);
  });

  it('shows a line again that has scrolled away before it was settled', () => {
    type('');
    const first = say(1, 'first');
    for (let id = 2; id < 10; id++) say(id, `${id}`);
    deliver(first);
    expect(terminal.history().filter((line) => line.includes('first'))).toEqual([
      '… to bob: first',
      '✓ to bob: first',
    ]);
  });

  it('shows every line exactly once while scrolling', () => {
    type('typing');
    for (let id = 1; id <= 30; id++) hear(id, `number ${id}`);
    const expected = Array.from({ length: 30 }, (_, index) => `  bob: number ${index + 1}`);
    expect(terminal.history()).toEqual([...expected, '> typing']);
  });

  it('counts the columns of wide characters', () => {
    type('你好', '你');
    expect(terminal.cursor).toEqual({ row: 0, column: 4 });
    hear(1, '你好你好你好你好你好');
    expect(terminal.lines()).toEqual(['  bob: 你好你好你好', '你好你好', '> 你好']);
    hear(2, 'x');
    expect(terminal.lines()).toEqual(['  bob: 你好你好你好', '你好你好', '  bob: x', '> 你好']);
  });

  it('positions the cursor in a line that takes several rows', () => {
    type('123456789012345678901234567890', '12345');
    expect(terminal.lines()).toEqual(['> 123456789012345678', '901234567890']);
    expect(terminal.cursor).toEqual({ row: 0, column: 7 });
    hear(1, 'hi');
    expect(terminal.lines()).toEqual(['  bob: hi', '> 123456789012345678', '901234567890']);
    expect(terminal.cursor).toEqual({ row: 1, column: 7 });
  });

  it('handles a line that fills its row exactly', () => {
    type('123456789012345678');
    hear(1, 'hi');
    type('1234567890123456789');
    type('1');
    expect(terminal.lines()).toEqual(['  bob: hi', '> 1']);
  });

  it('counts down to the next retry', () => {
    type('x');
    screen.setLinkStatus({ text: 'Gone.', retryAt: 2500 });
    expect(terminal.lines()).toEqual(['* Gone. Retrying in ', '3 s.', '> x']);
    now = 1000;
    screen.redraw();
    expect(terminal.lines()).toEqual(['* Gone. Retrying in ', '2 s.', '> x']);
    screen.setLinkStatus(undefined);
    expect(terminal.lines()).toEqual(['> x']);
    expect(screen.isCountingDown).toBe(false);
  });

  it('redraws correctly on a terminal that has become narrower', () => {
    type('1234567890');
    say(1, 'a line that waits');
    terminal.resize(10);
    screen.redraw();
    expect(terminal.lines()).toEqual(['… to bob: ', 'a line tha', 't waits', '> 12345678', '90']);
  });

  it('removes the input line at the end and keeps the messages', () => {
    type('half');
    say(1, 'hi');
    screen.close();
    hear(2, 'too late');
    expect(terminal.lines()).toEqual(['… to bob: hi', '']);
  });
});
