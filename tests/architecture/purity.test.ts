import { describe, expect, it } from 'vitest';
import { usesOf } from './forbidden-names.js';
import { type Source, sourcesOf } from './sources.js';

const TIME_AND_RANDOMNESS = ['Date.now', 'new Date', 'Math.random', 'performance', 'crypto'];
const TIMERS = ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'requestAnimationFrame'];
const NODE_GLOBALS = ['Buffer', 'process', 'require', '__dirname', 'global'];
const PLATFORM_GLOBALS = [
  'globalThis',
  'window',
  'self',
  'console',
  'fetch',
  'WebSocket',
  'TextEncoder',
  'TextDecoder',
];

function offences(sources: readonly Source[], names: readonly string[]): string[] {
  const forbidden = new Set(names);
  return sources.flatMap(({ path, text }) => usesOf(text, forbidden).map((use) => `${path} ${use}`));
}

describe('usesOf', () => {
  const names = new Set(['Date.now', 'new Date', 'setTimeout', 'Buffer']);

  it.each([
    ['const at = Date.now();', 'line 1: Date.now'],
    ['\nconst day = new Date(0);', 'line 2: new Date'],
    ['setTimeout(run, 1);', 'line 1: setTimeout'],
    ['const later = setTimeout;', 'line 1: setTimeout'],
    ['const timers = { setTimeout };', 'line 1: setTimeout'],
    ['function f(b: Buffer) {}', 'line 1: Buffer'],
    ['const b = Buffer.from("x");', 'line 1: Buffer'],
  ])('finds the use in %j', (text, use) => {
    expect(usesOf(text, names)).toEqual([use]);
  });

  it.each([
    '// Date.now() and setTimeout are not used here',
    'const text = "setTimeout";',
    'clock.setTimeout(1);',
    'interface Timers { setTimeout(run: () => void): void }',
    'const timers = { setTimeout: 1 };',
    'const dates = Date.parse("2026");',
  ])('ignores %j', (text) => {
    expect(usesOf(text, names)).toEqual([]);
  });
});

describe('the protocol', () => {
  it('uses no clock, no random numbers, no timers and no platform API', () => {
    const names = [...TIME_AND_RANDOMNESS, ...TIMERS, ...NODE_GLOBALS, ...PLATFORM_GLOBALS];
    expect(offences(sourcesOf('protocol'), names)).toEqual([]);
  });
});

describe('the client', () => {
  const core = sourcesOf('client').filter(({ path }) => !path.startsWith('packages/client/src/node/'));

  it('uses Node’s globals only in its entry point for Node', () => {
    expect(offences(core, NODE_GLOBALS)).toEqual([]);
  });

  it('uses clocks and random numbers only in its defaults', () => {
    const defaults = ['system-clock.ts', 'system-random.ts', 'platform.ts'].map(
      (file) => `packages/client/src/${file}`,
    );
    const others = sourcesOf('client').filter(({ path }) => !defaults.includes(path));
    expect(offences(others, TIME_AND_RANDOMNESS)).toEqual([]);
  });
});

describe('the server', () => {
  it('uses clocks and random numbers only in its defaults', () => {
    const defaults = ['timers/system-clock.ts', 'create-server.ts'].map(
      (file) => `packages/server/src/${file}`,
    );
    const others = sourcesOf('server').filter(({ path }) => !defaults.includes(path));
    expect(offences(others, TIME_AND_RANDOMNESS)).toEqual([]);
  });
});
