import type { MessageStore } from '@imcore/server';
import { createServer, type ServerTransport, silentLogger, tcp, udp, websocket } from '@imcore/server';
import type { AppendResult, LogPage, StoredMessage } from '@imcore/server/ports';
import { sqliteStore } from '@imcore/store-sqlite';
import { wrapStore } from '@imcore/testkit';
import { type WorkerEvent, workers } from '@imcore/workers';

/**
 * The server process: `node server-main.js FILE TCP UDP WS [--early | --hide] [--history] [--workers=N]`. With `--early` it acknowledges too
 * early, and with `--hide` it leaves out entries of logs; the proof must detect both. With `--workers=N` the sockets are in worker processes; it then prints a line for each
 * {@link WorkerEvent}.
 */
const [file = '', tcpPort = '0', udpPort = '0', wsPort = '0', ...flags] = process.argv.slice(2);
const store = sqliteStore({ file, historyMs: flags.includes('--history') ? 3_600_000 : 0 });
const count = Number(flags.find((flag) => flag.startsWith('--workers='))?.slice('--workers='.length) ?? 0);
const server = createServer({
  transports: transports(),
  store: withFault(store),
  logger: silentLogger,
});
const ports = (await server.listen()).map(({ port }) => port);
process.stdout.write(`${JSON.stringify(ports)}\n`);

function withFault(real: MessageStore): MessageStore {
  if (flags.includes('--early')) return answersEarly(real);
  return flags.includes('--hide') ? hidesEntries(real) : real;
}

function transports(): readonly ServerTransport[] {
  const host = '127.0.0.1';
  const onTcp = { host, port: Number(tcpPort), senseMode: 3 } as const;
  const onUdp = { host, port: Number(udpPort), senseMode: 3 } as const;
  const onWebSocket = { host, port: Number(wsPort), senseMode: 3 } as const;
  if (count === 0) return [tcp(onTcp), udp(onUdp), websocket(onWebSocket)];
  return workers({ count, tcp: onTcp, udp: onUdp, websocket: onWebSocket, onWorker: print }).transports;
}

function print({ worker, pid, state }: WorkerEvent): void {
  process.stdout.write(`${JSON.stringify({ worker, pid, state })}\n`);
}

/** A store that leaves out every twentieth entry of a log, as if it had been removed. */
function hidesEntries(real: MessageStore): MessageStore {
  return wrapStore(real, (_call, work) => work(), {
    async read(userId: string, after: number, limit: number): Promise<LogPage> {
      const page = await real.read(userId, after, limit);
      return { ...page, entries: page.entries.filter(({ position }) => position % 20 !== 0) };
    },
  });
}

/** A store that answers "stored" at once and writes a little later. */
function answersEarly(real: MessageStore): MessageStore {
  let next = Number.MAX_SAFE_INTEGER - 1_000_000_000;
  return wrapStore(real, (_call, work) => work(), {
    append(messages: readonly StoredMessage[]): Promise<readonly AppendResult[]> {
      setTimeout(() => void real.append(messages), 50);
      return Promise.resolve(messages.map(() => ({ outcome: 'stored', id: next, position: next++ })));
    },
  });
}
