import net from 'node:net';

/** V8 caches four shapes per code location, and starts caching after some runs. */
const SHAPES = 32;

/** Node 20 has V8 11.3. V8 12.4 (Node 22) and 13.6 (Node 24) do not have the problem. */
const CONCERNS_THIS_NODE = process.versions.node.startsWith('20.');

/**
 * Makes Node 20 create the socket of an accepted connection four times as fast.
 *
 * `net.Socket` copies its options, `{ ...options }`, and adds properties to the copy. For each shape of options that V8 11.3
 * has cached there, every copy gets a hidden class of its own, and thirty places that read an option miss their caches for
 * each connection. Once more shapes were seen than V8 caches, it copies property by property, and all copies share one
 * hidden class.
 *
 * Affects every `net.Socket` of the process, including those of the application. The first call takes two milliseconds, further
 * ones a fraction of one. The sockets that it creates are not connected. To be deleted with Node 20.
 *
 * @see docs/reference/performance.md
 */
export function makeSocketsAlike(): void {
  if (!CONCERNS_THIS_NODE) return;
  for (let shape = 0; shape < SHAPES; shape++)
    new net.Socket({ [`shape${shape}`]: shape } as net.SocketConstructorOpts);
}
