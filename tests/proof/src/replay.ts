import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LiveTraffic } from './replay/live-traffic.js';
import { fingerprintOf, SENDER, typeOf } from './replay/numbered-messages.js';
import { RawClient } from './replay/raw-client.js';
import type { Received } from './replay/receiver-main.js';
import { ServerProcess } from './server-process.js';

/**
 * The replay proof: a user with thousands of waiting messages logs in with an original client, while other users send to
 * each other. Server and receiver are separate processes. The last line counts messages that are missing, duplicated,
 * out of order or altered, and gives the duration and the latency of the other users' messages during the replay and
 * without it. The exit code is 0 only when the counts are 0.
 *
 * `npm run proof:replay -- --messages 10000 [--pairs 20]`; exit code 2 for an invalid command line.
 */
const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '20' },
  },
});
const messages = parseWhole('messages', values.messages);
const pairs = parseWhole('pairs', values.pairs);

/** Unacknowledged messages of the sender that fills the queue. */
const FILL_WINDOW = 256;

/** How often each pair sends a message, in milliseconds. */
const LIVE_EVERY_MS = 5;

/** How long live messages are measured before and after the replay, in milliseconds. */
const BASELINE_MS = 3000;

const USER = 'away';
const folder = mkdtempSync(join(tmpdir(), 'imcore-proof-'));
const server = new ServerProcess(join(folder, 'messages.db'), []);
await server.start();
const fillMs = await fill(server.ports.tcp);
const live = new LiveTraffic();
await live.start(server.ports.tcp, pairs, LIVE_EVERY_MS);
await pause(1000);
const before = await measure(() => pause(BASELINE_MS));
const received: { value: Received | undefined } = { value: undefined };
const during = await measure(async () => {
  received.value = await receive(server.ports.tcp);
});
const after = await measure(() => pause(BASELINE_MS));
live.stop();
await server.kill();
rmSync(folder, { recursive: true, force: true });

const { distinct, duplicated, outOfOrder, altered, tookMs } = received.value ?? {
  distinct: 0,
  duplicated: 0,
  outOfOrder: 0,
  altered: 0,
  tookMs: 1,
};
const missing = messages - distinct;
console.log(
  `stored ${messages} messages in ${(fillMs / 1000).toFixed(1)} s; ${pairs} pairs send ${(pairs * 1000) / LIVE_EVERY_MS} live messages/s`,
);
for (const [name, { messages: count, medianMs, p99Ms }] of Object.entries({ before, during, after })) {
  console.log(
    `live ${name}: ${count} messages, median ${medianMs.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`,
  );
}
console.log(
  `${messages} waiting, ${missing} missing, ${duplicated} duplicated, ${outOfOrder} out of order, ${altered} altered, ` +
    `${tookMs.toFixed(0)} ms from the login, ${Math.round((distinct * 1000) / tookMs)} messages/s; ` +
    `live p99 ${during.p99Ms.toFixed(2)} ms, ${before.p99Ms.toFixed(2)} ms before and ${after.p99Ms.toFixed(2)} ms after`,
);
process.exit(missing + duplicated + outOfOrder + altered === 0 ? 0 : 1);

/** Sends all messages to the offline user until they are acknowledged. Returns the duration in milliseconds. */
async function fill(port: number): Promise<number> {
  const startedAt = performance.now();
  let [sent, acknowledged] = [0, 0];
  await new Promise<void>((resolve, reject) => {
    const sendNext = (sender: RawClient): void => {
      if (sent >= messages) return;
      sender.send(USER, `${sent} ${'x'.repeat(64)}`, fingerprintOf(sent), typeOf(sent));
      sent += 1;
    };
    const start = async (): Promise<void> => {
      const sender: RawClient = await RawClient.connect(port, SENDER, undefined, () => {
        acknowledged += 1;
        sendNext(sender);
        if (acknowledged < messages) return;
        sender.close();
        resolve();
      });
      await sender.login();
      for (let i = 0; i < FILL_WINDOW; i++) sendNext(sender);
    };
    start().catch(reject);
  });
  return performance.now() - startedAt;
}

async function measure(work: () => Promise<void>): Promise<ReturnType<LiveTraffic['read']>> {
  live.begin();
  await work();
  return live.read();
}

async function receive(port: number): Promise<Received> {
  const main = fileURLToPath(new URL('./replay/receiver-main.js', import.meta.url));
  const child = spawn(process.execPath, [main, String(port), USER, String(messages)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return JSON.parse(line) as Received;
}

function parseWhole(name: string, text: string): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number > 0) return number;
  process.stderr.write(`--${name} must be a whole number from 1, got ${JSON.stringify(text)}\n`);
  process.exit(2);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
