import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { Run } from '../run.js';

/** The processes of one test: servers with the chat page, and terminal clients. */
export class Programs {
  readonly #runs: Run[] = [];
  readonly #directories: string[] = [];

  /** Ends all processes after each test of the calling file. */
  static set(): Programs {
    const programs = new Programs();
    afterEach(() => programs.#clear());
    return programs;
  }

  /** Starts a server with a SQLite store and the chat page, on free ports. */
  async serve(...args: readonly string[]): Promise<ServedPage> {
    const directory = mkdtempSync(join(tmpdir(), 'imcore-chat-page-'));
    this.#directories.push(directory);
    const file = join(directory, 'messages.db');
    return await this.#serve(file, ['--tcp-port', '0', '--ws-port', '0', '--http', '0', ...args]);
  }

  /** Starts a killed server again, on the same ports and with the same file. */
  async serveAgain({ file, page, webSocket, tcp }: ServedPage): Promise<ServedPage> {
    const port = (url: string) => new URL(url).port;
    const args = ['--tcp-port', port(tcp), '--ws-port', port(webSocket), '--http', port(page)];
    return await this.#serve(file, args);
  }

  /** Starts a terminal client over TCP. */
  async chat(user: string, to: string, { tcp }: ServedPage): Promise<Run> {
    const run = this.#start('chat', '--user', user, '--to', to, '--url', tcp);
    await run.says('Connected');
    return run;
  }

  async #serve(file: string, args: readonly string[]): Promise<ServedPage> {
    const run = this.#start('serve', '--host', '127.0.0.1', '--udp-port', 'off', '--store', file, ...args);
    await run.says('Press Ctrl+C to stop.');
    const [, page = ''] = /^Chat page: (\S+)$/m.exec(run.errors) ?? [];
    return { run, file, page, webSocket: run.url('ws'), tcp: run.url('tcp') };
  }

  #start(...args: readonly string[]): Run {
    const run = new Run(...args);
    this.#runs.push(run);
    return run;
  }

  async #clear(): Promise<void> {
    const runs = this.#runs.splice(0);
    for (const { process } of runs) process.kill('SIGKILL');
    await Promise.all(runs.map(({ exited }) => exited));
    for (const directory of this.#directories.splice(0)) rmSync(directory, { recursive: true });
  }
}

/** A running server, and the addresses of its listeners. */
export interface ServedPage {
  readonly run: Run;
  readonly file: string;
  readonly page: string;
  readonly webSocket: string;
  readonly tcp: string;
}

/** Kills a server with SIGKILL. */
export async function kill({ run }: ServedPage): Promise<void> {
  run.process.kill('SIGKILL');
  await run.exited;
}
