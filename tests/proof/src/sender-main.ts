import { fileOutbox } from '@imcore/client/node';
import { type Kind, proofClient, WINDOW } from './proof-client.js';
import type { Ports } from './server-process.js';

/**
 * A sender that is killed: `node sender-main.js KIND TCP UDP WS NAME FOLDER FIRST [--early]`. Sends numbers from FIRST on to
 * `receiver-NAME` through an outbox in the folder, and writes each number when the outbox has promised to keep it. At
 * the end of its input it sends no more, and ends when all is delivered. With `--early` it has no outbox and promises all
 * the same, so that the proof can be seen to notice.
 */
const [kind = 'tcp', tcp = '0', udp = '0', ws = '0', name = '', folder = '', first = '0', flag] =
  process.argv.slice(2);
const isEarly = flag === '--early';
const ports: Ports = { tcp: Number(tcp), udp: Number(udp), ws: Number(ws) };
const client = proofClient(kind as Kind, ports, isEarly ? undefined : fileOutbox(folder));
const userId = `sender-${name}`;
/** Of earlier runs, in their outbox yet. */
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
