import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Ledger } from './ledger.js';
import { settle } from './outcome.js';
import { KINDS, type Kind, proofClient } from './proof-client.js';
import { ServerProcess } from './server-process.js';
import { pause } from './traffic.js';
import { ChangingDevice } from './transports/changing-device.js';

/**
 * The proof of changes of transport: a device goes from UDP to TCP to WebSocket and so on, while messages flow in both directions.
 * Every other time it loses its connection instead of logging out. The server is a process of its own with the SQLite store, the
 * outbox of the device is in files. The last line counts messages that are missing, duplicated or out of order, and gives the time
 * from the beginning of a login to the next message. The exit code is 0 only if all counts of faults are 0.
 *
 * `npm run proof:transports -- --changes 1000 [--rate 200] [--forget]`; with `--forget` the outbox of the device is set back to an
 * older copy now and then, which the proof must detect. Exit code 2 for an invalid command line.
 */
const { values } = parseArgs({
  options: {
    changes: { type: 'string', default: '1000' },
    rate: { type: 'string', default: '200' },
    forget: { type: 'boolean', default: false },
  },
});
const changes = parseWhole('changes', values.changes, 1_000_000);
const rate = parseWhole('rate', values.rate, 1000);

/** Messages of each direction that are not acknowledged, at most. */
const WINDOW = 256;

/** How long the device stays on a transport after it was given a message, in milliseconds, at most. */
const MAX_STAY_MS = 60;

const [DEVICE, PEER] = ['ann', 'ben'];
const [TO_DEVICE, TO_PEER] = ['to the device', 'from the device'];
const folder = mkdtempSync(join(tmpdir(), 'imcore-transports-'));
const startedAt = performance.now();
const server = new ServerProcess(join(folder, 'messages.db'), []);
await server.start();
const ledger = new Ledger();
let gaps = 0;
const device = new ChangingDevice(
  DEVICE,
  join(folder, 'outbox'),
  server.ports,
  {
    received: (content) => ledger.received(TO_DEVICE, Number(content)),
    stored: (fingerprint) => ledger.acknowledged(TO_PEER, Number(fingerprint.split('-')[1])),
    gap: (from, to) => {
      gaps += to - from + 1;
    },
  },
  values.forget,
);
const peer = proofClient('tcp', server.ports);
peer.on('message', ({ content }) => ledger.received(TO_PEER, Number(content)));
await peer.login({ userId: PEER, token: 't' });
const traffic = setInterval(send, 1000 / rate);
let [toDevice, toPeer] = [0, 0];
const [resumes, logins]: [number[], Map<Kind, number[]>] = [[], new Map(KINDS.map((kind) => [kind, []]))];
await device.change('tcp', 'logout');
for (let change = 0; change < changes; change += 1) {
  await pause(Math.random() * MAX_STAY_MS);
  const kind = KINDS[(change + 1) % KINDS.length] ?? 'tcp';
  const { loginMs, resumeMs } = await device.change(kind, change % 2 === 0 ? 'logout' : 'cut');
  logins.get(kind)?.push(loginMs);
  resumes.push(resumeMs);
}
clearInterval(traffic);
while (device.pending + peer.pendingMessages > 0) await pause(50);
await settle(ledger);
await device.close();
await peer.close();
await server.kill();
rmSync(folder, { recursive: true, force: true });
const { acknowledged, missing, duplicated, outOfOrder } = ledger.verdict();
const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
console.log(`${toDevice} messages to the device, ${toPeer} from it`);
for (const [kind, times] of logins)
  console.log(`login over ${kind}: ${percentile(times, 0.5)} ms (p50), ${percentile(times, 0.99)} ms (p99)`);
console.log(
  `${changes} changes in ${seconds} s, ${acknowledged} acknowledged, ${missing} missing, ${duplicated} duplicated, ` +
    `${outOfOrder} out of order, ${gaps} in gaps; resumed after ${percentile(resumes, 0.5)} ms (p50), ${percentile(resumes, 0.99)} ms (p99)`,
);
process.exit(acknowledged > 0 && missing + duplicated + outOfOrder + gaps === 0 ? 0 : 1);

/** Sends one message to the device, and every fourth time one from it. */
function send(): void {
  if (peer.pendingMessages < WINDOW) {
    const number = toDevice;
    toDevice += 1;
    peer.send({ to: DEVICE, content: String(number) }).then(
      () => ledger.acknowledged(TO_DEVICE, number),
      () => undefined,
    );
  }
  if (toDevice % 4 !== 0 || device.pending >= WINDOW) return;
  device.send(PEER, String(toPeer), `own-${toPeer}`);
  toPeer += 1;
}

function percentile(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b);
  return (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
}

function parseWhole(name: string, text: string, max: number): number {
  const number = Number(text);
  if (/^[1-9]\d*$/.test(text) && number <= max) return number;
  process.stderr.write(`--${name} must be a whole number from 1 to ${max}, got ${JSON.stringify(text)}\n`);
  process.exit(2);
}
