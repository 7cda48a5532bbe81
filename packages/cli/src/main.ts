import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { BenchFlags } from './bench/bench-flags.js';
import type { ChatFlags } from './chat/chat.js';
import { describeError } from './command-error.js';
import { addEndpointFlags, type EndpointFlags } from './endpoint.js';
import { addServeFlags } from './serve/serve-flags.js';
import { addStoreCommands } from './store/add-store-commands.js';

const program = new Command('imcore')
  .description('Instant messaging over TCP, UDP and WebSocket, compatible with MobileIMSDK v6')
  .version(versionOfPackage())
  .showHelpAfterError('Run it with --help for all options.');

addServeFlags(program.command('serve').description('run a server')).action(
  async (flags: Record<string, unknown>) => {
    const { serve } = await import('./serve/serve.js');
    await serve(flags);
  },
);

const chatCommand = program
  .command('chat')
  .description('chat on the terminal; over pipes every line is a message')
  .requiredOption('--user <id>', 'who you are')
  .option('--to <id>', 'whom you talk to; /to changes it');
addEndpointFlags(chatCommand)
  .option('--token <token>', 'proof of who you are; or in IMCORE_TOKEN')
  .option('--wait <seconds>', 'how long to try to reach the server at first (default: 30)')
  .action(async (flags: ChatFlags) => {
    const { chat } = await import('./chat/chat.js');
    process.exitCode = await chat(flags);
  });

const benchCommand = program
  .command('bench')
  .description('put load on a server and check that every message arrives, once, in order, unchanged');
addEndpointFlags(benchCommand)
  .option('--token <token>', 'what the server asks of every login; or in IMCORE_TOKEN')
  .option('--pairs <number>', 'senders, each with a receiver of its own', '16')
  .option('--window <number>', 'messages that a sender has under way', '16')
  .option('--rate <number>', 'messages a second in all, whatever the server does; measures latency')
  .option('--size <bytes>', 'content of a message, in bytes', '64')
  .option('--chinese', 'fill the content with Chinese text')
  .option('--offline', 'send to users who never log in: what the store takes')
  .option('--duration <seconds>', 'measured time', '5')
  .option('--warmup <seconds>', 'time before it', '1')
  .option('--pid <number>', "the server's process on this machine: adds its CPU and memory")
  .option('--json', 'one JSON object instead of text')
  .action(async (flags: BenchFlags & EndpointFlags) => {
    const { bench } = await import('./bench/bench.js');
    process.exitCode = await bench(flags);
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
