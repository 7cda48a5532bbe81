import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { readProcessUse } from '../../packages/cli/dist/bench/process-cpu.js';
import { conditions, keep } from './results.js';
import { progress } from './rounds.js';
import { pinned, ServerUnderLoad } from './server-under-load.js';
import { SERVER } from './servers.js';

/**
 * A long run at a steady rate: does memory stay where it is, is every message delivered once?
 *
 * `npm run bench:soak -- [--minutes 20] [--rate 60000] [--pairs 100]`; choose a rate that is some 70 % of what the
 * server can do. Exit code 0 only when nothing was lost, duplicated or out of order.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '20' },
    rate: { type: 'string', default: '60000' },
    pairs: { type: 'string', default: '100' },
  },
});
const server = await ServerUnderLoad.start({ name: 'imcore', command: SERVER });
const seconds = Number(values.minutes) * 60;
const flags = [
  '--port',
  server.ports.tcp,
  '--pairs',
  values.pairs,
  '--rate',
  values.rate,
  '--pid',
  server.pid,
];
const command = ['node', 'packages/cli/bin/imcore.js', 'bench', ...flags, '--duration', seconds, '--json'];
const [program = '', ...rest] = pinned('1', command.map(String));
const generator = spawn(program, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
let output = '';
generator.stdout.on('data', (chunk: Buffer) => {
  output += chunk.toString();
});
const startedAt = performance.now();
const memory: { readonly second: number; readonly megabytes: number; readonly cores: number }[] = [];
let lastCpuMs = 0;
const sampling = setInterval(() => {
  const use = readProcessUse(server.pid);
  if (use === undefined) return;
  const second = Math.round((performance.now() - startedAt) / 1000);
  const megabytes = Math.round(use.residentBytes / 2 ** 20);
  memory.push({ second, megabytes, cores: (use.cpuMs - lastCpuMs) / 30_000 });
  lastCpuMs = use.cpuMs;
  progress(`${second} of ${seconds} s: ${megabytes} MB`);
}, 30_000);
const [code] = (await once(generator, 'exit')) as [number | null];
clearInterval(sampling);
progress('');
await server.stop();
console.log(`${Object.values(conditions()).join(', ')}\n`);
console.log(`memory in MB every 30 s: ${memory.map(({ megabytes }) => megabytes).join(' ')}`);
console.log(`cores every 30 s: ${memory.map(({ cores }) => cores.toFixed(2)).join(' ')}`);
console.log(output.trim());
const result: unknown = output === '' ? undefined : JSON.parse(output);
console.log(`kept in ${keep('soak', { ...values, memory, result })}`);
process.exitCode = code ?? 1;
