import { join } from 'node:path';
import type { WaitingMessage } from '@imcore/server';
import { ServerProcess } from '../server-process.js';
import { type Books, PAIRS, pause, receiverOf, Traffic } from '../traffic.js';
import { DATABASE, type Recording } from './cut-recording.js';
import { nowNanoseconds } from './disk-recording.js';
import type { MessageName, PromiseMade } from './promises.js';
import { RecordedFolder } from './recorded-process.js';

interface ServerRecordingOptions {
  readonly place: string;
  readonly library: string;
  readonly durationMs: number;
  readonly serverFlags: readonly string[];
  readonly nodeFlags: readonly string[];
}

/** What real clients were told, and when: an acknowledgement is the promise; what a receiver has, the disk need not. */
class TimedBooks implements Books {
  readonly made: PromiseMade[] = [];

  acknowledged(pair: string, number: number): void {
    this.made.push({ pair, number, what: 'stored', at: nowNanoseconds() });
  }

  handed(pair: string, number: number): void {
    this.made.push({ pair, number, what: 'leaving', at: nowNanoseconds() });
  }
}

/** Records the real server while real clients on all transports send to it; it ends as a power cut ends it. */
export async function recordServer(options: ServerRecordingOptions): Promise<Recording> {
  const folder = new RecordedFolder(options.place, options.library, new Map());
  const server = new ServerProcess(join(folder.path, DATABASE), options.serverFlags, {
    environment: folder.environment,
    nodeFlags: options.nodeFlags,
  });
  await server.start();
  const books = new TimedBooks();
  const traffic = new Traffic(server.ports, books);
  await traffic.start();
  await pause(options.durationMs);
  const { made } = books;
  const untilNow = made.length;
  await server.kill();
  await traffic.abandon();
  return { folder, made: made.slice(0, untilNow), userIds: PAIRS.map(receiverOf), nameOf };
}

/** Bodies are whole packets, whose content is the number. */
function nameOf({ from, body }: WaitingMessage): MessageName | undefined {
  try {
    const packet: unknown = JSON.parse(body);
    const content = (packet as { dataContent?: unknown }).dataContent;
    return { pair: from.replace(/^sender-/, ''), number: Number(content) };
  } catch {
    return undefined;
  }
}
