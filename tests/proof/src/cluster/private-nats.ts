import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import { delimiter, join } from 'node:path';
import { stablePort } from '../stable-port.js';
import { pause } from '../traffic.js';

/** Debian installs it where the PATH of a user does not lead. */
const FOLDERS = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
const PROGRAM = FOLDERS.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));

/** Whether this machine has a NATS server that can be started. */
export const hasNatsServer = PROGRAM !== undefined;

/** A NATS server that only this proof uses and may stop. */
export class PrivateNats {
  readonly port: number;
  #child: ChildProcess | undefined = undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async make(): Promise<PrivateNats> {
    return new PrivateNats(await stablePort());
  }

  /** Resolves when it accepts connections. */
  async start(): Promise<void> {
    const child = spawn(PROGRAM ?? '', ['-a', '127.0.0.1', '-p', String(this.port)], { stdio: 'ignore' });
    this.#child = child;
    while (!(await accepts(this.port))) {
      if (child.exitCode !== null) throw new Error(`nats-server does not start: ${child.exitCode}`);
      await pause(20);
    }
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** It neither reads nor writes until {@link resume}; the system still accepts connections for it. */
  hang(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }
}

async function accepts(port: number): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
