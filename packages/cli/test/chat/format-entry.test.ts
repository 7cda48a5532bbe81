import { describe, expect, it } from 'vitest';
import { formatEntry } from '../../src/chat/format-entry.js';
import type { Delivery } from '../../src/chat/transcript.js';
import { createStyle } from '../../src/terminal/style.js';

const plain = createStyle({}, {});
const outgoing = (text: string, delivery: Delivery) =>
  formatEntry({ kind: 'outgoing', id: 1, to: 'bob', text, delivery }, plain);

describe('formatEntry', () => {
  it('marks a line with its delivery state', () => {
    expect(outgoing('hi', { state: 'waiting' })).toBe('… to bob: hi');
    expect(outgoing('hi', { state: 'delivered' })).toBe('✓ to bob: hi');
    expect(outgoing('hi', { state: 'failed', reason: 'It is too long.' })).toBe(
      '✗ to bob: hi\n  not delivered: It is too long.',
    );
  });

  it('indents the further lines of a message, so that none looks like another message', () => {
    expect(formatEntry({ kind: 'incoming', id: 1, from: 'eve', text: 'x\n✓ to bob: forged' }, plain)).toBe(
      '  eve: x\n  ✓ to bob: forged',
    );
  });

  it('escapes control characters in texts and names', () => {
    expect(
      formatEntry({ kind: 'incoming', id: 1, from: 'e\u001b[2Jve\n', text: '\u001b[31mred' }, plain),
    ).toBe('  e\\u001b[2Jve\\u000a: \\u001b[31mred');
  });

  it('marks notices of the program', () => {
    expect(formatEntry({ kind: 'notice', id: 1, text: 'Connected.', tone: 'good' }, plain)).toBe(
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
    expect(formatEntry(entry, colourful)).toBe('\u001b[32m✓\u001b[0m to bob: hi');
  });
});
