/**
 * The program of a worker process. Its file descriptor 4 is the link to the core; its first argument is the maximum size of a frame
 * body. It ends when the link does.
 */
import net from 'node:net';
import { Worker } from './worker.js';

/** The file descriptor of the link: after those of the standard streams and of the channel of `node:cluster`. */
const LINK = 4;

// Signals to the process group are for the core, which closes the links when it has finished.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});

const stream = new net.Socket({ fd: LINK, readable: true, writable: true });
// The sockets of a process that ends are closed by the system.
stream.on('close', () => process.exit(0));
new Worker(stream, Number(process.argv[2]), () => process.exit(0));
