import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SENSE_MODE,
  isSenseMode,
  SENSE_MODES,
  type SenseMode,
  senseTimes,
} from '../src/sense-mode.js';

const seconds = (mode: SenseMode, transport: 'tcp' | 'udp' | 'websocket') => {
  const times = senseTimes(mode, transport);
  return [times.keepAliveIntervalMs, times.clientTimeoutMs, times.serverReadTimeoutMs].map((ms) => ms / 1000);
};

describe('senseTimes', () => {
  it.each<[SenseMode, number, number, number]>([
    [3, 3, 5, 7],
    [5, 5, 8, 11],
    [10, 10, 15, 15],
    [15, 15, 20, 20],
    [30, 30, 35, 35],
    [60, 60, 65, 65],
    [120, 120, 125, 125],
  ])('returns the times of mode %i s on TCP and WebSocket', (mode, ...expected) => {
    expect(seconds(mode, 'tcp')).toEqual(expected);
    expect(seconds(mode, 'websocket')).toEqual(expected);
  });

  it.each<[SenseMode, number, number, number]>([
    [3, 3, 10, 10],
    [10, 10, 21, 21],
    [30, 30, 61, 62],
    [60, 60, 121, 122],
    [120, 120, 241, 242],
  ])('returns the times of mode %i s on UDP', (mode, ...expected) => {
    expect(seconds(mode, 'udp')).toEqual(expected);
  });

  it('never has a server timeout shorter than the client timeout', () => {
    for (const mode of SENSE_MODES) {
      for (const transport of ['tcp', 'udp', 'websocket'] as const) {
        const times = senseTimes(mode, transport);
        expect(times.clientTimeoutMs).toBeGreaterThan(times.keepAliveIntervalMs);
        expect(times.serverReadTimeoutMs).toBeGreaterThanOrEqual(times.clientTimeoutMs);
      }
    }
  });

  it('has a timeout of 20 s on TCP and 10 s on UDP by default', () => {
    expect(senseTimes(DEFAULT_SENSE_MODE.tcp, 'tcp').serverReadTimeoutMs).toBe(20_000);
    expect(senseTimes(DEFAULT_SENSE_MODE.udp, 'udp').serverReadTimeoutMs).toBe(10_000);
  });
});

describe('isSenseMode', () => {
  it('accepts the seven modes and no other number', () => {
    const modes = Array.from({ length: 200 }, (_, second) => second).filter(isSenseMode);
    expect(modes).toEqual([3, 5, 10, 15, 30, 60, 120]);
  });

  it.each(['toString', '15', null, undefined, 15.5, Number.NaN, [15]])('does not accept %j', (value) => {
    expect(isSenseMode(value)).toBe(false);
  });
});
