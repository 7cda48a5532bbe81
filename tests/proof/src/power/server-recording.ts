import { join } from 'node:path';
import type { StoredMessage } from '@imcore/server/ports';
import { TEAM, Team } from '../devices/team.js';
import { ServerProcess } from '../server-process.js';
import { PAIRS, pause, receiverOf, Traffic, type TrafficObserver } from '../traffic.js';
import { DATABASE, type Recording } from './cut-recording.js';
import { DeviceGuarantees } from './device-guarantees.js';
import { nowNanoseconds } from './disk-recording.js';
import type { Guarantee, MessageName } from './guarantees.js';
import { RecordedFolder } from './recorded-process.js';

interface ServerRecordingOptions {
  readonly place: string;
  readonly library: string;
  readonly durationMs: number;
  readonly serverFlags: readonly string[];
  readonly nodeFlags: readonly string[];
}

/** Records the guarantees that clients were given: an acknowledged message is durable until its receiver has it. */
class TimedObserver implements TrafficObserver {
  readonly given: Guarantee[] = [];

  acknowledged(pair: string, number: number): void {
    this.given.push({ pair, number, what: 'stored', at: nowNanoseconds() });
  }

  received(pair: string, number: number): void {
    this.given.push({ pair, number, what: 'leaving', at: nowNanoseconds() });
  }
}

/** Records the real server while real clients on all transports and users with devices send to it, until it is killed. */
export async function recordServer(options: ServerRecordingOptions): Promise<Recording> {
  const folder = new RecordedFolder(options.place, options.library, new Map());
  const server = new ServerProcess(join(folder.path, DATABASE), options.serverFlags, {
    environment: folder.environment,
    nodeFlags: options.nodeFlags,
  });
  await server.start();
  const observer = new TimedObserver();
  const traffic = new Traffic(server.ports, observer);
  await traffic.start();
  const devices = new DeviceGuarantees(TEAM);
  const team = new Team(options.place, server.ports, devices);
  await team.start();
  await pause(options.durationMs);
  const { given } = observer;
  const untilNow = given.length;
  devices.end();
  await server.kill();
  await Promise.all([traffic.abandon(), team.abandon()]);
  return { folder, given: given.slice(0, untilNow), userIds: PAIRS.map(receiverOf), nameOf, devices };
}

/** Bodies are packets whose content is the number. */
function nameOf({ from, body }: StoredMessage): MessageName | undefined {
  try {
    const packet: unknown = JSON.parse(body);
    const content = (packet as { dataContent?: unknown }).dataContent;
    return { pair: from.replace(/^sender-/, ''), number: Number(content) };
  } catch {
    return undefined;
  }
}
