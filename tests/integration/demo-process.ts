import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** The ports of the documents, and the ports that replace them in a test. */
export type Ports = ReadonlyMap<string, number>;

/** A free port for each of the tutorial's. */
export async function freePorts(): Promise<Ports> {
  const servers = ['7901', '8901', '3000', '8080'].map((port) => ({ port, server: createServer() }));
  const ports = new Map<string, number>();
  for (const { port, server } of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    ports.set(port, typeof address === 'object' && address !== null ? address.port : 0);
  }
  for (const { server } of servers) server.close();
  return ports;
}

/** Replaces the ports of the documents in a text. */
export function withPorts(text: string, ports: Ports): string {
  return text.replaceAll(/\b(7901|8901|3000|8080)\b/g, (port) => String(ports.get(port)));
}

/** A process of one of our programs, and what it has printed. */
export class Running {
  readonly process: ChildProcessByStdio<null, Readable, Readable>;
  readonly ended: Promise<number | null>;
  output = '';
  #waiters: (() => void)[] = [];

  constructor(file: string, directory: string, environment: Record<string, string> = {}) {
    this.process = spawn(process.execPath, [file], {
      cwd: directory,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#wake();
      });
    }
    this.ended = once(this.process, 'close').then(([code]: (number | null)[]) => code ?? null);
    void this.ended.then(() => this.#wake());
  }

  /** Resolves when it has printed the text. @throws Error when it ends before. */
  async says(text: string): Promise<void> {
    while (!this.output.includes(text)) {
      if (this.process.exitCode !== null) throw new Error(`ended without "${text}":\n${this.output}`);
      await new Promise<void>((wake) => this.#waiters.push(wake));
    }
  }

  /** Sends SIGTERM and waits for its end. */
  async stop(): Promise<number | null> {
    this.process.kill('SIGTERM');
    return this.ended;
  }

  #wake(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }
}

/** Starts the built demo, as `npm start` does. */
export function startDemo(
  directory: string,
  ports: Ports,
  environment: Record<string, string> = {},
): Running {
  const main = fileURLToPath(new URL('../../apps/demo/dist/main.js', import.meta.url));
  return new Running(main, directory, {
    IMCORE_HOST: '127.0.0.1',
    IMCORE_UDP_PORT: String(ports.get('7901')),
    IMCORE_TCP_PORT: String(ports.get('8901')),
    IMCORE_WS_PORT: String(ports.get('3000')),
    IMCORE_HTTP_PORT: String(ports.get('8080')),
    ...environment,
  });
}
