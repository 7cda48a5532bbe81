import net from 'node:net';

/** V8 remembers four shapes at one place, and begins to remember after some runs. */
const SHAPES = 32;

/** Node 20's V8 is 11.3. Those of Node 22 (12.4) and 24 (13.6) were seen to copy alike by themselves. */
const CONCERNS_THIS_NODE = process.versions.node.startsWith('20.');

/**
 * Lets Node 20 make the socket of an accepted connection four times as fast.
 *
 * Its `net.Socket` copies the options that it is given, `{ ...options }`, and adds to the copy. Of each shape of options
 * seen there, V8 11.3 keeps a hidden class for the copies, and what is added gives every copy a hidden class of its own:
 * thirty places that read an option look it up anew for every connection. Once this place has seen more shapes than V8
 * remembers, it copies property by property instead, and all copies are alike.
 *
 * Affects every `net.Socket` of the process, those of the application included. Costs two milliseconds once and a fraction
 * of one each further time; the sockets that it makes are connected to nothing. To be deleted with Node 20.
 *
 * @see docs/reference/performance.md
 */
export function makeSocketsAlike(): void {
  if (!CONCERNS_THIS_NODE) return;
  for (let shape = 0; shape < SHAPES; shape++)
    new net.Socket({ [`shape${shape}`]: shape } as net.SocketConstructorOpts);
}
