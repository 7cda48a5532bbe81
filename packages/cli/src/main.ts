import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { BenchFlags } from './bench/bench-flags.js';
import type { ChatFlags } from './chat/chat.js';
import { describeError } from './command-error.js';
import type { ConformanceFlags } from './conformance/conformance.js';
import type { DevFlags } from './dev/dev-settings.js';
import { addEndpointFlags, type EndpointFlags } from './endpoint.js';
import { addServeFlags } from './serve/serve-flags.js';
import { addStoreCommands } from './store/add-store-commands.js';

const program = new Command('imcore')
  .description('Instant messaging over TCP, UDP and WebSocket, compatible with MobileIMSDK v6')
  .version(versionOfPackage())
  .showHelpAfterError('Run the command with --help for all options.');

addServeFlags(program.command('serve').description('run a server')).action(
  async (flags: Record<string, unknown>) => {
    const { serve } = await import('./serve/serve.js');
    await serve(flags);
  },
);

const chatCommand = program
  .command('chat')
  .description('chat in the terminal; with pipes, every input line is a message')
  .requiredOption('--user <id>', 'your user ID')
  .option('--to <id>', 'user ID of the recipient; /to changes it');
addEndpointFlags(chatCommand)
  .option('--token <token>', 'token for the login (or IMCORE_TOKEN)')
  .option('--wait <seconds>', 'how long to retry the first connection (default: 30)')
  .option(
    '--device <folder>',
    'be a device that keeps its ID in this folder (default on a terminal: a folder in ~/.local/state)',
  )
  .option('--no-device', 'be a client of MobileIMSDK: no history, nothing of your other devices')
  .option('--history <number>', 'earlier messages to show (default: 10)')
  .action(async (flags: ChatFlags) => {
    const { chat } = await import('./chat/chat.js');
    process.exitCode = await chat(flags);
  });

const benchCommand = program
  .command('bench')
  .description('load-test a server and check that every message arrives exactly once, in order, unchanged');
addEndpointFlags(benchCommand)
  .option('--token <token>', 'token for every login (or IMCORE_TOKEN)')
  .option('--pairs <number>', 'number of senders, each with its own receiver', '16')
  .option('--window <number>', 'messages in flight per sender', '16')
  .option('--rate <number>', 'total messages per second, independent of the server; for latency')
  .option('--size <bytes>', 'message content in bytes', '64')
  .option('--chinese', 'fill the content with Chinese text')
  .option('--offline', 'send to users who never log in, to test the store')
  .option('--duration <seconds>', 'measured time', '5')
  .option('--warmup <seconds>', 'time before the measurement', '1')
  .option('--pid <number>', 'process ID of the server on this machine; reports its CPU and memory')
  .option('--json', 'print one JSON object')
  .action(async (flags: BenchFlags & EndpointFlags) => {
    const { bench } = await import('./bench/bench.js');
    process.exitCode = await bench(flags);
  });

program
  .command('conformance')
  .description('check a server against the requirements of the protocol; exit code 0 only if none failed')
  .requiredOption('--url <url...>', 'servers: tcp://, tls://, udp://, ws:// or wss://; any number')
  .option('--tls-ca <file>', 'PEM file of a certificate authority to trust')
  .option('--user <prefix>', 'beginning of all user IDs', 'conformance')
  .option('--token <token>', 'token for every login (or IMCORE_TOKEN)')
  .option('--only <cases>', 'run only these cases, such as X1,S5')
  .option('--timeout <seconds>', 'how long an answer of the server may take', '5')
  .option('--json', 'print one JSON object')
  .action(async (flags: ConformanceFlags) => {
    const { conformance } = await import('./conformance/conformance.js');
    process.exitCode = await conformance(flags);
  });

program
  .command('dev')
  .description('run a cluster on this machine, with a page that kills nodes and counts the messages')
  .option('--nodes <number>', 'number of nodes, 2 to 9', '3')
  .option(
    '--port <port>',
    'port of the control page; node 1 gets 8090 to 8092 and so on, 0 picks free ports',
    '8080',
  )
  .option('--store <url>', 'postgres:// URL of a database (default: a private one, or a running one)')
  .option(
    '--cluster <url>',
    'nats:// URL, postgres:// URL, or postgres for the database of the store (default: a private or running NATS, or postgres)',
  )
  .action(async (flags: DevFlags) => {
    const { dev } = await import('./dev/dev.js');
    await dev(flags);
  });

addStoreCommands(program);

function versionOfPackage(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return String((JSON.parse(text) as { version?: unknown }).version);
}

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(describeError(error));
  process.exitCode = 1;
}
