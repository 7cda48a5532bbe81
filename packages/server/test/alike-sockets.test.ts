import { createRequire } from 'node:module';
import net from 'node:net';
import type stream from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { afterEach, expect, it } from 'vitest';
import { makeSocketsAlike } from '../src/gateways/alike-sockets.js';

// The very object through which node:net calls it.
const streams = createRequire(import.meta.url)('node:stream') as { Duplex: typeof stream.Duplex };
const { Duplex } = streams;

afterEach(() => {
  streams.Duplex = Duplex;
});

it('gives the options of all sockets one hidden class', () => {
  setFlagsFromString('--allow-natives-syntax');
  const haveSameMap = new Function('a', 'b', 'return %HaveSameMap(a, b)') as (
    a: object,
    b: object,
  ) => boolean;
  const copies: object[] = [];
  streams.Duplex = function (this: unknown, options: object) {
    copies.push(options);
    return Duplex.call(this as stream.Duplex, options);
  } as unknown as typeof stream.Duplex;

  makeSocketsAlike();
  copies.length = 0;
  // As for an accepted connection.
  for (let i = 0; i < 20; i++) {
    const options = {
      handle: undefined,
      allowHalfOpen: false,
      pauseOnCreate: false,
      readable: true,
      writable: true,
    };
    new net.Socket({ ...options, readableHighWaterMark: 16_384, writableHighWaterMark: 16_384 });
  }

  expect(copies).toHaveLength(20);
  const [first = {}, ...others] = copies.slice(10);
  for (const other of others) expect(haveSameMap(first, other)).toBe(true);
});
