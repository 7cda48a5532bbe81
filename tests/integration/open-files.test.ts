import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import { built } from './run-program.js';

/** What `ulimit -n` allows; Node needs many files at once to start. Sockets may use what is below 240. */
const OPEN_FILES = 256;

/** A server that reports its port, and then its state whenever a line arrives. */
const SERVER = `
  import { createServer, tcp } from '${built('server/dist/index.js')}';
  const warnings = [];
  const logger = { debug() {}, info() {}, error() {}, warn: (fields) => warnings.push(fields) };
  const server = createServer({ transports: [tcp({ host: '127.0.0.1', port: 0 })], logger });
  const [{ port }] = await server.listen();
  console.log(JSON.stringify({ port }));
  process.stdin.on('data', () => console.log(JSON.stringify({ warnings, metrics: server.metrics() })));
`;

const opened: (ChildProcess | net.Socket)[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each instanceof net.Socket ? each.destroy() : each.kill('SIGKILL');
});

async function startServer() {
  const command = `ulimit -n ${OPEN_FILES}; exec "$0" --input-type=module --eval "$1"`;
  const child = spawn('sh', ['-c', command, process.execPath, SERVER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  opened.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? '{}');
  const { port } = await next();
  const state = (): Promise<{ warnings: object[]; metrics: Record<string, number> }> => {
    child.stdin.write('state\n');
    return next();
  };
  return { port, state };
}

/** Resolves when the connection is accepted and closed again, or still open after a moment. */
function connect(port: number): Promise<'open' | 'closed'> {
  const socket = net.connect(port, '127.0.0.1');
  opened.push(socket);
  return new Promise((resolve) => {
    socket.on('error', () => {});
    socket.resume();
    socket.once('close', () => resolve('closed'));
    socket.once('connect', () => setTimeout(() => resolve('open'), 1000));
  });
}

describe.runIf(process.platform === 'linux')('a server whose process may open few files', () => {
  it('rejects sockets before it has none left, says so once, and accepts again when files are closed', async () => {
    const { port, state } = await startServer();
    const outcomes = await Promise.all(Array.from({ length: OPEN_FILES }, () => connect(port)));
    const accepted = outcomes.filter((outcome) => outcome === 'open').length;
    expect(accepted).toBeGreaterThan(180);
    const { warnings, metrics } = await state();
    expect(metrics).toMatchObject({
      sessionsOpen: accepted,
      limitOpenFiles: OPEN_FILES - accepted,
      sessionsRejected: OPEN_FILES - accepted,
    });
    const limited = warnings.filter((fields) => 'limit' in fields);
    expect(limited).toEqual([{ limit: 'openFiles', value: 240, remoteAddress: '127.0.0.1', times: 1 }]);
    for (const each of opened.slice(1)) if (each instanceof net.Socket) each.destroy();
    expect(await connect(port)).toBe('open');
  });
});
