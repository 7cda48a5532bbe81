import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { ChatFlags } from './chat/chat.js';
import { describeError } from './command-error.js';
import { addServeFlags } from './serve/serve-flags.js';

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

program
  .command('chat')
  .description('chat on the terminal; over pipes every line is a message')
  .requiredOption('--user <id>', 'who you are')
  .option('--to <id>', 'whom you talk to; /to changes it')
  .option('--transport <name>', 'tcp, udp or ws (default: tcp)')
  .option('--host <host>', 'where the server is (default: 127.0.0.1)')
  .option('--port <port>', 'its port (default: 8901, udp 7901, ws 3000)')
  .option('--url <url>', 'all of it: tcp://, tls://, udp://, ws:// or wss://')
  .option('--token <token>', 'proof of who you are; or in IMCORE_TOKEN')
  .option('--tls', 'TLS on tcp and ws')
  .option('--tls-ca <file>', 'PEM file of an authority to trust')
  .option('--wait <seconds>', 'how long to try to reach the server at first (default: 30)')
  .action(async (flags: ChatFlags) => {
    const { chat } = await import('./chat/chat.js');
    process.exitCode = await chat(flags);
  });

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
