import { describe, expect, it } from 'vitest';
import { formatEntry } from '../../src/chat/format-entry.js';
import type { Delivery } from '../../src/chat/transcript.js';
import { createStyle } from '../../src/terminal/style.js';

const plain = createStyle({}, {});
const now = new Date(2026, 10, 30, 18, 0).getTime();
const yesterday = new Date(2026, 10, 29, 9, 5).getTime();
const today = new Date(2026, 10, 30, 9, 5).getTime();
const outgoing = (text: string, delivery: Delivery) =>
  formatEntry({ kind: 'outgoing', id: 1, to: 'bob', text, delivery }, plain, now);

describe('formatEntry', () => {
  it('marks a line with its delivery state', () => {
    expect(outgoing('hi', { state: 'waiting' })).toBe('… to bob: hi');
    expect(outgoing('hi', { state: 'delivered' })).toBe('✓ to bob: hi');
    expect(outgoing('hi', { state: 'failed', reason: 'It is too long.' })).toBe(
      '✗ to bob: hi\n  not delivered: It is too long.',
    );
  });

  it("shows the server's time, with the date of another day", () => {
    const incoming = { kind: 'incoming', id: 1, from: 'bob', text: 'hi' } as const;
    expect(outgoing('hi', { state: 'delivered', at: today })).toBe('✓ 09:05 to bob: hi');
    expect(formatEntry({ ...incoming, at: yesterday }, plain, now)).toBe('  2026-11-29 09:05 bob: hi');
  });

  it('marks earlier messages, and own ones of other devices', () => {
    const own = { kind: 'own', id: 1, to: 'bob', text: 'hi', at: today } as const;
    const incoming = { kind: 'incoming', id: 1, from: 'bob', text: 'hi', at: today } as const;
    expect(formatEntry({ ...own, isEarlier: false }, plain, now)).toBe('✓ 09:05 to bob (another device): hi');
    expect(formatEntry({ ...own, isEarlier: true }, plain, now)).toBe('· 09:05 to bob: hi');
    expect(formatEntry({ ...incoming, isEarlier: true }, plain, now)).toBe('· 09:05 bob: hi');
  });

  it('indents the further lines of a message, so that none looks like another message', () => {
    expect(
      formatEntry({ kind: 'incoming', id: 1, from: 'eve', text: 'x\n✓ to bob: forged' }, plain, now),
    ).toBe('  eve: x\n  ✓ to bob: forged');
  });

  it('escapes control characters in texts and names', () => {
    expect(
      formatEntry({ kind: 'incoming', id: 1, from: 'e\u001b[2Jve\n', text: '\u001b[31mred' }, plain, now),
    ).toBe('  e\\u001b[2Jve\\u000a: \\u001b[31mred');
  });

  it('marks notices of the program', () => {
    expect(formatEntry({ kind: 'notice', id: 1, text: 'Connected.', tone: 'good' }, plain, now)).toBe(
      '* Connected.',
    );
  });

  it('colours by meaning', () => {
    const colourful = createStyle({ isTTY: true }, {});
    const entry = {
      kind: 'outgoing',
      id: 1,
      to: 'bob',
      text: 'hi',
      delivery: { state: 'delivered' },
    } as const;
    expect(formatEntry(entry, colourful, now)).toBe('\u001b[32m✓\u001b[0m to bob: hi');
  });
});
