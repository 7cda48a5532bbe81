import { describe, expect, it } from 'vitest';
import { feedStart } from '../../src/feeds/log-start.js';

const log = { epoch: 'e', removed: 5, last: 8, stored: undefined, isFirstDevice: false };

describe('feedStart', () => {
  it.each([
    ['another epoch', { epoch: 'other', position: 6 }, { position: 8, hole: { from: 1, to: 8 } }],
    ['beyond the end', { epoch: 'e', position: 9 }, { position: 8, hole: { from: 1, to: 8 } }],
    ['before what was removed', { epoch: 'e', position: 2 }, { position: 5, hole: { from: 3, to: 5 } }],
    ['just behind what was removed', { epoch: 'e', position: 5 }, { position: 5, hole: undefined }],
    ['at the end', { epoch: 'e', position: 8 }, { position: 8, hole: undefined }],
  ])('answers a position %s', (_, offered, start) => {
    expect(feedStart(log, offered)).toEqual(start);
  });

  it('tells a known device without a position what was removed before it had acknowledged it', () => {
    expect(feedStart({ ...log, stored: 3 }, undefined)).toEqual({ position: 5, hole: { from: 4, to: 5 } });
    expect(feedStart({ ...log, stored: 5 }, undefined)).toEqual({ position: 5, hole: undefined });
    expect(feedStart({ ...log, stored: 6 }, undefined)).toEqual({ position: 6, hole: undefined });
    expect(feedStart(log, undefined)).toEqual({ position: 5, hole: undefined });
  });
});
