import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { DevError } from './dev-error.js';

export const LOOPBACK = '127.0.0.1';

/** Ports to pick from: below those that systems give to clients. */
const [LOWEST, HIGHEST] = [10_000, 29_900];

/** The ports of a node. */
export interface NodePorts {
  readonly tcp: number;
  readonly udp: number;
  readonly webSocket: number;
  /** Of its chat page. */
  readonly page: number;
}

/** The ports of all nodes: those of node 2 are 20, 21 and 22 above the port of the control page. TCP and UDP have the same. */
export function planPorts(port: number, nodes: number): NodePorts[] {
  return Array.from({ length: nodes }, (_, index) => {
    const first = port + 10 * (index + 1);
    return { tcp: first, udp: first, webSocket: first + 1, page: first + 2 };
  });
}

/** A free port. Not picked by the system: clients may take such ports while a node is dead. */
export async function pickPort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    if (await isTcpFree(port)) return port;
  }
}

/** A port for the control page from which free ports of the nodes can be derived. */
export async function pickControlPort(nodes: number): Promise<number> {
  for (;;) {
    const port = await pickPort();
    if ((await takenPorts(port, planPorts(port, nodes))).length === 0) return port;
  }
}

/**
 * Checks the port of the control page and those of the nodes before anything is started.
 *
 * @throws DevError `ERR_PORT_IN_USE` that names all ports that another program uses.
 */
export async function requireFree(control: number, nodes: readonly NodePorts[]): Promise<void> {
  const taken = await takenPorts(control, nodes);
  if (taken.length === 0) return;
  throw new DevError(
    'ERR_PORT_IN_USE',
    `Already in use: ${taken.join(', ')}`,
    'Stop the program that uses it, or choose other ports with --port (0 picks free ports).',
  );
}

async function takenPorts(control: number, nodes: readonly NodePorts[]): Promise<string[]> {
  const uses = [
    { port: control, use: 'control page' },
    ...nodes.flatMap(({ tcp, udp, webSocket, page }, index) => [
      { port: tcp, use: `TCP of node ${index + 1}` },
      { port: udp, use: `UDP of node ${index + 1}` },
      { port: webSocket, use: `WebSocket of node ${index + 1}` },
      { port: page, use: `chat page of node ${index + 1}` },
    ]),
  ];
  const taken: string[] = [];
  for (const { port, use } of uses) {
    const isFree = use.startsWith('UDP') ? await isUdpFree(port) : await isTcpFree(port);
    if (!isFree) taken.push(`${LOOPBACK}:${port} (${use})`);
  }
  return taken;
}

async function isTcpFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, LOOPBACK), 'listening');
  } catch {
    return false;
  }
  await once(server.close(), 'close');
  return true;
}

async function isUdpFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, LOOPBACK);
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
