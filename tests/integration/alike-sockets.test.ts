import { expect, it } from 'vitest';
import { built, runProgram } from './run-program.js';

const PROGRAM = `
  import { createRequire } from 'node:module';
  import net from 'node:net';
  import { makeSocketsAlike } from '${built('server/dist/transports/alike-sockets.js')}';

  // The object through which node:net calls it.
  const streams = createRequire(import.meta.url)('node:stream');
  const { Duplex } = streams;
  let copies = [];
  streams.Duplex = function (options) {
    copies.push(options);
    return Duplex.call(this, options);
  };
  /** Makes sockets as node:net does for accepted connections. Returns whether their options have the same hidden class. */
  function areAlike() {
    copies = [];
    for (let i = 0; i < 40; i++) {
      new net.Socket({
        handle: undefined,
        allowHalfOpen: false,
        pauseOnCreate: false,
        readable: true,
        writable: true,
        readableHighWaterMark: 16_384,
        writableHighWaterMark: 16_384,
      });
    }
    const [first, ...others] = copies.slice(20);
    return others.length === 19 && others.every((other) => %HaveSameMap(first, other));
  }
  const before = areAlike();
  makeSocketsAlike();
  console.log(JSON.stringify({ before, after: areAlike() }));
`;

it('the options of all sockets have the same hidden class, also on Node 20', async () => {
  const output = await runProgram(PROGRAM, '--allow-natives-syntax');
  const isNode20 = process.versions.node.startsWith('20.');
  expect(JSON.parse(output)).toEqual({ before: !isNode20, after: true });
});
