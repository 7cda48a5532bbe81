import { createInterface } from 'node:readline';
import { messageOf } from '../command-error.js';
import { createStyle } from '../terminal/style.js';
import { DevCluster } from './dev-cluster.js';
import { type DevFlags, readDevSettings } from './dev-settings.js';
import type { DevEvent, DevState } from './dev-state.js';
import { openBackend } from './open-backend.js';
import { HELP, parseLine } from './order.js';
import { pickControlPort, planPorts, requireFree } from './ports.js';
import { type ControlPage, serveControlPage } from './serve-control-page.js';

/**
 * Runs a cluster of nodes on this machine, with a page and keys that break it, until SIGINT, SIGTERM or SIGHUP. Everything that it
 * has started is stopped then, and its temporary folders are removed.
 *
 * @throws CommandError for invalid flags
 * @throws DevError `ERR_NO_POSTGRESQL`, `ERR_PORT_IN_USE`, `ERR_PROGRAM_FAILED`
 */
export async function dev(flags: DevFlags): Promise<void> {
  const settings = readDevSettings(flags);
  // The end of a pipe must not end the command before it has stopped what it has started.
  process.stderr.on('error', () => {});
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const stopped = untilSignal();
  const port = settings.port === 0 ? await pickControlPort(settings.nodes) : settings.port;
  const plan = planPorts(port, settings.nodes);
  await requireFree(port, plan);
  const backend = await openBackend(settings, say);
  const style = createStyle(process.stderr, process.env);
  const cluster = new DevCluster(backend, (event) => say(lineOf(event, style.bad)));
  let page: ControlPage | undefined;
  try {
    page = await serveControlPage(port, cluster);
    say(`Starting ${settings.nodes} nodes over ${backend.shown.bus}, with ${backend.shown.store} …`);
    const isUp = await Promise.race([cluster.start(plan).then(() => true), stopped.then(() => false)]);
    if (isUp) {
      say(banner(cluster.state(), page.url));
      if (process.stdin.isTTY) readKeys(cluster, say);
      await stopped;
    }
    say('Stopping …');
  } finally {
    page?.close();
    await cluster.close();
    await backend.close();
  }
  say('Stopped: all processes have ended, and temporary folders are removed.');
  process.exit(0);
}

/** Resolves at the first signal; a second one is ignored, since what was started must be stopped. */
function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}

function readKeys(cluster: DevCluster, say: (text: string) => void): void {
  const lines = createInterface({ input: process.stdin, terminal: false });
  lines.on('line', (text) => {
    const line = parseLine(text, cluster.size);
    switch (line.kind) {
      case 'nothing':
        return;
      case 'quit':
        process.kill(process.pid, 'SIGTERM');
        return;
      case 'help':
        return say(HELP);
      case 'wrong':
        return say(line.reason);
      case 'status':
        return say(statusOf(cluster.state()));
      default: {
        const order = line.kind === 'toggle' ? ({ kind: 'talk', isOn: !cluster.isTalking } as const) : line;
        cluster.perform(order).catch((error: unknown) => say(messageOf(error)));
      }
    }
  });
}

function banner(state: DevState, url: string): string {
  return [
    '',
    ...state.nodes.map(
      ({ number, ports }) =>
        `  node ${number}   tcp://127.0.0.1:${ports.tcp}   udp://127.0.0.1:${ports.udp}   ws://127.0.0.1:${ports.webSocket}/websocket   chat http://127.0.0.1:${ports.page}/`,
    ),
    '',
    `Open ${url} to kill, pause and cut nodes, and to watch the messages.`,
    ...(process.stdin.isTTY ? ['', HELP] : []),
    'Press Ctrl+C to stop.',
  ].join('\n');
}

function statusOf({ nodes, users, counts }: DevState): string {
  const { sent, acknowledged, received, onTheWay, missing } = counts;
  return [
    ...nodes.map(
      ({ number, run, link, users: online, reason }) =>
        `node ${number}  ${run}${reason === undefined ? '' : ` (${reason})`}  link ${link}  users ${online.join(', ') || '-'}`,
    ),
    ...users.map(({ userId, state, node }) => `${userId}  ${state}  node ${node ?? '-'}`),
    `sent ${sent}  acknowledged ${acknowledged}  received ${received}  on the way ${onTheWay}  missing ${missing}`,
  ].join('\n');
}

function lineOf({ at, text, isProblem }: DevEvent, bad: (text: string) => string): string {
  const time = new Date(at).toTimeString().slice(0, 8);
  return `${time}  ${isProblem ? bad(text) : text}`;
}
