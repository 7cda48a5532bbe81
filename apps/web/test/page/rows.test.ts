import { describe, expect, it } from 'vitest';
import { initialOf, TINTS, tintOf } from '../../page/model/avatar.js';
import { excerpt } from '../../page/model/conversation.js';
import { dayText, shortText, timeText } from '../../page/model/dates.js';
import { type ChatMessage, nextOrder } from '../../page/model/message.js';
import { rowsOf } from '../../page/model/rows.js';
import { openThread, withOlder } from '../../page/model/thread.js';

const at = (text: string) => new Date(text).getTime();
const message = (id: string, kind: 'incoming' | 'outgoing', time: string, order: number): ChatMessage => {
  const base = { id, peer: 'bob', text: id, at: at(time), order };
  return kind === 'incoming' ? { kind, ...base } : { kind, ...base, delivery: 'received' };
};

describe('rowsOf', () => {
  const messages = [
    message('a', 'incoming', '2026-11-23T22:00', 1),
    message('b', 'incoming', '2026-11-23T22:01', 2),
    message('c', 'outgoing', '2026-11-23T22:01', 3),
    message('d', 'incoming', '2026-11-24T09:00', 4),
    message('e', 'incoming', '2026-11-24T09:10', 5),
  ];

  it('adds a line before each day, and one before the first unread message', () => {
    const thread = withOlder(openThread('bob', 2), messages, true);
    const rows = rowsOf(thread).map((row) => (row.kind === 'message' ? row.message.id : row.kind));
    expect(rows).toEqual(['day', 'a', 'b', 'c', 'day', 'unread', 'd', 'e']);
  });

  it('adds a line where messages are missing', () => {
    const thread = withOlder(openThread('bob', 0), messages.slice(0, 2), true);
    const gaps = [
      { id: '1', after: undefined, isLoading: false },
      { id: '2', after: 'a', isLoading: true },
    ];
    const rows = rowsOf({ ...thread, gaps }).map((row) =>
      row.kind === 'message' ? row.message.id : row.kind,
    );
    expect(rows).toEqual(['gap', 'day', 'a', 'gap', 'b']);
  });

  it('groups messages of one side without a pause', () => {
    const thread = withOlder(openThread('bob', 0), messages, true);
    const groups = rowsOf(thread).flatMap((row) =>
      row.kind === 'message' ? [`${row.message.id} ${row.isFirstOfGroup} ${row.isLastOfGroup}`] : [],
    );
    expect(groups).toEqual(['a true false', 'b false true', 'c true true', 'd true true', 'e true true']);
  });
});

describe('dates', () => {
  const names = { today: 'Today', yesterday: 'Yesterday' };
  const now = at('2026-11-24T12:00');

  it('are named relative to today', () => {
    expect(dayText(at('2026-11-24T00:01'), now, 'en', names)).toBe('Today');
    expect(dayText(at('2026-11-23T23:59'), now, 'en', names)).toBe('Yesterday');
    expect(dayText(at('2026-11-20T12:00'), now, 'en', names)).toBe('Friday');
    expect(dayText(at('2026-03-01T12:00'), now, 'en', names)).toBe('Sun, March 1');
    expect(dayText(at('2025-03-01T12:00'), now, 'zh-CN', names)).toMatch(/^2025年3月1日/);
  });

  it('have a short form for the list', () => {
    expect(shortText(at('2026-11-24T09:05'), now, 'en', names)).toBe('09:05');
    expect(shortText(at('2026-11-23T09:05'), now, 'en', names)).toBe('Yesterday');
    expect(shortText(at('2026-11-20T09:05'), now, 'zh-CN', names)).toBe('周五');
    expect(timeText(at('2026-11-24T00:05'), 'en')).toBe('00:05');
  });
});

describe('nextOrder', () => {
  it('increases although the clock stands still or goes back', () => {
    expect([nextOrder(0, 100), nextOrder(100, 100), nextOrder(100, 50)]).toEqual([100, 101, 101]);
  });
});

describe('excerpt', () => {
  it('is a single short line and does not split characters', () => {
    expect(excerpt(' one\n\n two  three ')).toBe('one two three');
    const cut = excerpt('😀'.repeat(200));
    expect(cut.length).toBeLessThanOrEqual(161);
    expect(cut.replaceAll('😀', '')).toBe('…');
  });
});

describe('an avatar', () => {
  it('has the first grapheme of the name', () => {
    expect(['alice', '陈雨', '👨‍👩‍👧 family', ''].map(initialOf)).toEqual(['A', '陈', '👨‍👩‍👧', '?']);
  });

  it('has a stable tint, and all tints are used', () => {
    const tints = new Set(Array.from({ length: 100 }, (_, index) => tintOf(`user-${index}`)));
    expect(tints.size).toBe(TINTS);
    expect(tintOf('alice')).toBe(tintOf('alice'));
  });
});
