import { describe, expect, it } from 'vitest';
import { shownName } from '../../page/model/shown-name.js';

describe('shownName', () => {
  it('shows ordinary ids as they are', () => {
    for (const id of ['alice', '用户 7', 'é😀', '10001']) expect(shownName(id)).toBe(id);
  });

  it('replaces characters that reorder the text around them', () => {
    expect(shownName('ali\u202eecila\u2069\u0007')).toBe('ali\ufffdecila\ufffd\ufffd');
  });

  it('isolates names that are written from right to left', () => {
    expect(shownName('שלום')).toBe('\u2068שלום\u2069');
    expect(shownName('مرحبا\u202c')).toBe('\u2068مرحبا\ufffd\u2069');
  });
});
