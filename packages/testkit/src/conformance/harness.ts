#!/usr/bin/env node
import { createInterface } from 'node:readline';
import { createServer, type ImServer, type TransportAddress, tcp, udp, websocket } from '@imcore/server';
import { type HarnessCommand, parseHarnessCommand } from './harness-command.js';
import { HARNESS_USAGE, type HarnessOptions, parseHarnessOptions } from './harness-options.js';
import type { ServerCallback } from './recording.js';
import { followEvents, kickFromServer, recordedRules, sendFromServer } from './server-rules.js';

/**
 * Runs a real server that is controlled over JSON lines: commands on stdin, events on stdout. Shuts down gracefully at the
 * end of stdin, or on SIGTERM.
 *
 * Its application is that of the recordings: see {@link recordedRules}.
 */
async function main(options: HarnessOptions): Promise<void> {
  const server = createHarnessServer(options);
  emit({ ev: 'listening', ...portsOf(await server.listen()) });
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    if (line.trim() !== '') void execute(server, line);
  });
  await new Promise<void>((resolve) => {
    lines.once('close', resolve);
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  lines.close();
  process.stdin.destroy();
  await server.close();
}

function createHarnessServer({ host, ports, senseMode, stampServerTime, tls }: HarnessOptions): ImServer {
  const server = createServer({
    transports: [
      tcp({ host, port: ports.tcp, senseMode, tls }),
      udp({ host, port: ports.udp, senseMode }),
      websocket({ host, port: ports.websocket, senseMode, tls }),
    ],
    hooks: recordedRules({ emit }),
    stampServerTime,
    logger: stderrLogger,
  });
  followEvents(server, emit);
  return server;
}

async function execute(server: ImServer, line: string): Promise<void> {
  let command: HarnessCommand;
  try {
    command = parseHarnessCommand(line);
  } catch (error) {
    emit({ ev: 'error', message: error instanceof Error ? error.message : String(error) });
    return;
  }
  switch (command.cmd) {
    case 's2c':
      return await sendFromServer(server, command, emit);
    case 'kick':
      kickFromServer(server, command, emit);
      return;
    case 'online':
      emit({ ev: 'online-list', users: [...new Set(server.sessions().map(({ userId }) => userId))] });
      return;
    default:
      command satisfies never;
  }
}

function portsOf(addresses: readonly TransportAddress[]): Record<string, number> {
  return Object.fromEntries(
    addresses.map(({ transport, port }) => [transport === 'websocket' ? 'ws' : transport, port]),
  );
}

/** Logs to stderr, since stdout is for events. */
const stderrLogger = {
  debug() {},
  info() {},
  warn: (fields: object, message: string) => log('warn', fields, message),
  error: (fields: object, message: string) => log('error', fields, message),
};

function log(level: string, fields: object, message: string): void {
  process.stderr.write(`${JSON.stringify({ level, message, ...fields })}\n`);
}

function emit(event: ServerCallback): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

try {
  await main(parseHarnessOptions(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(
    `${error instanceof Error ? error.message : String(error)}\nusage: ${HARNESS_USAGE}\n`,
  );
  process.exitCode = 2;
}
