import { fileOutbox } from '@imcore/client/node';
import { type Kind, proofClient, WINDOW } from './proof-client.js';
import type { Ports } from './server-process.js';

/**
 * A sender process: `node sender-main.js KIND TCP UDP WS NAME FOLDER FIRST [--early]`. Sends numbers from FIRST on to
 * `receiver-NAME` through an outbox in the folder, and prints each number when the outbox has accepted it. At the end of
 * its input it stops sending, and ends when all messages are delivered. With `--early` it prints numbers without an
 * outbox, which the proof must detect.
 */
const [kind = 'tcp', tcp = '0', udp = '0', ws = '0', name = '', folder = '', first = '0', flag] =
  process.argv.slice(2);
const isEarly = flag === '--early';
const ports: Ports = { tcp: Number(tcp), udp: Number(udp), ws: Number(ws) };
const client = proofClient(kind as Kind, ports, { outbox: isEarly ? undefined : fileOutbox(folder) });
const userId = `sender-${name}`;
/** Fingerprints of messages of earlier runs that are still in the outbox. */
const restored = new Set<string>();
let isSending = true;
let next = Number(first);

client.on('restored', ({ messages }) => {
  for (const { fingerprint } of messages) restored.add(fingerprint);
});
for (const event of ['delivered', 'undelivered'] as const) {
  client.on(event, ({ fingerprint }) => restored.delete(fingerprint ?? ''));
}
process.stdin.on('end', () => {
  isSending = false;
});
process.stdin.resume();
if (!isEarly) await client.openOutbox(userId);
void client.login({ userId, token: 't' }).catch(() => undefined);
await Promise.all(Array.from({ length: WINDOW[kind as Kind] }, send));
while (restored.size > 0) await new Promise((resolve) => setTimeout(resolve, 20));
await client.close();

async function send(): Promise<void> {
  while (isSending) {
    const number = next++;
    const sending = client.send({ to: `receiver-${name}`, content: String(number) });
    const delivered = sending.catch(() => undefined);
    await (isEarly ? Promise.resolve() : sending.accepted).then(
      () => process.stdout.write(`${number}\n`),
      () => undefined,
    );
    await delivered;
  }
}
