import { appendFileSync, readFileSync } from 'node:fs';
import { fileOutbox } from '@imcore/client/node';
import { type Kind, proofClient } from '../proof-client.js';
import type { Ports } from '../server-process.js';

/**
 * A device process: `node device-main.js KIND TCP UDP WS USER FOLDER JOURNAL [--late]`. Logs in with an outbox in the folder, and
 * appends what it gets to the journal before it acknowledges it: `got POSITION CONTENT`, or `gap FROM TO`; after its login `online`. After a crash it may get
 * messages again whose position is in the journal already: those it ignores. A position that comes again without a crash is
 * written as `twice`. With `--late` it writes a message 300 ms after it has acknowledged it, which the proof must detect. Ends at the
 * end of its input.
 */
const [kind = 'tcp', tcp = '0', udp = '0', ws = '0', userId = '', folder = '', journal = '', flag] =
  process.argv.slice(2);
const ports: Ports = { tcp: Number(tcp), udp: Number(udp), ws: Number(ws) };
// The last line may have been cut by a crash.
appendFileSync(journal, '\n');
let written = readFileSync(journal, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('got '))
  .reduce((last, line) => Math.max(last, Number(line.split(' ')[1])), 0);
let last = 0;

const client = proofClient(kind as Kind, ports, { outbox: fileOutbox(folder) });
client.on('message', ({ content, position = 0 }) => {
  if (position <= last) write(`twice ${position} ${content}`);
  last = Math.max(last, position);
  if (position <= written) return;
  written = position;
  const line = `got ${position} ${content}`;
  if (flag === '--late') setTimeout(() => write(line), 300);
  else write(line);
});
client.on('gap', ({ from, to }) => write(`gap ${from} ${to}`));
process.stdin.on('end', () => void client.close());
process.stdin.resume();
await client.login({ userId, token: 't' }).catch(() => undefined);
write('online');

function write(line: string): void {
  appendFileSync(journal, `${line}\n`);
}
