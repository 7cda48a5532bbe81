import { KickOutCode, PacketType, ResponseCode, SENSE_MODES } from '@imcore/protocol';
import { describe, expect, it } from 'vitest';
import { readText } from './sources.js';

const guide = readText('docs/guide/migrating-from-mobileimsdk.md');

/** The names that a pattern finds in a source. */
function declaredIn(path: string, pattern: RegExp): string[] {
  return [...readText(path).matchAll(pattern)].map(([, name]) => name ?? '');
}

describe('the migration guide', () => {
  it.each([
    ['ResponseCode', ResponseCode],
    ['KickOutCode', KickOutCode],
    ['PacketType', PacketType],
  ])('has a row for every %s, with its number', (table, values) => {
    const expected = Object.entries(values).map(([name, value]) => `${value} ${table}.${name}`);
    const rows = [...guide.matchAll(/^\| `[^|]+` \| (\d+) \| `([^`]+)` \|$/gm)].map(
      ([, value, name]) => `${value} ${name}`,
    );
    expect(rows.filter((row) => row.includes(`${table}.`))).toEqual(expected);
  });

  it('has a row for every sense mode', () => {
    const seconds = [...guide.matchAll(/^\| \d+ s[^|]*\| `senseMode: (\d+)`/gm)].map(([, mode]) =>
      Number(mode),
    );
    expect(seconds).toEqual([...SENSE_MODES]);
  });

  it('names only existing events, and every hook', () => {
    const hooks = declaredIn('packages/server/src/hooks.ts', /^ {2}(\w+)\?\(/gm);
    const events = [
      ...declaredIn('packages/server/src/events.ts', /^ {2}(\w+):/gm),
      ...declaredIn('packages/client/src/events.ts', /^ {2}(?:readonly )?(\w+):/gm),
    ];
    const said = (word: string) =>
      [...guide.matchAll(new RegExp(`\\b${word} \`(\\w+)`, 'g'))].map(([, name]) => name ?? '');
    expect(said('event').length).toBeGreaterThan(20);
    expect(said('event').filter((name) => !events.includes(name))).toEqual([]);
    expect(new Set(said('hook'))).toEqual(new Set(hooks));
  });

  it('names every callback in the recordings of the original', () => {
    const callbacks = [
      ...['verifier', 'logged in', 'logged out', 'before C2S', 'before C2C', 'C2S message', 'C2C message'],
      ...['undeliverable', 'after bridge', 'message received', 'messages lost'],
      ...['login response', 'link closed', 'kicked out', 'message', 'error response'],
    ];
    expect(callbacks.filter((name) => !guide.includes(`*${name}*`))).toEqual([]);
  });
});
