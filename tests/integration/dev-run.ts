import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { DevState } from '../../packages/cli/src/dev/dev-state.js';
import { findNats, findPostgres } from '../../packages/cli/src/dev/find-program.js';
import { Run } from './run.js';

const POLL_MS = 50;

const hasPrograms = process.platform === 'linux' && findPostgres() !== undefined && findNats() !== undefined;

/** Whether its private servers can be started here. Otherwise its tests are skipped and say so, except in CI: there they fail. */
export const canRunDev = hasPrograms || process.env['CI'] === 'true';
if (!canRunDev) console.warn('SKIPPED: tests of imcore dev, which need Linux, PostgreSQL and nats-server');

/** A process of `imcore dev` with three nodes, on free ports. */
export class DevRun {
  readonly run: Run;
  readonly url: string;

  private constructor(run: Run, url: string) {
    this.run = run;
    this.url = url;
  }

  static async start(...args: string[]): Promise<DevRun> {
    const run = new Run('dev', '--nodes', '3', '--port', '0', ...args);
    try {
      await run.says('Press Ctrl+C to stop.');
      const [, url = ''] = /^Open (\S+)/m.exec(run.errors) ?? [];
      return new DevRun(run, url);
    } catch (error) {
      run.process.kill('SIGTERM');
      throw error;
    }
  }

  async state(): Promise<DevState> {
    return (await (await fetch(`${this.url}state`)).json()) as DevState;
  }

  /** Sends an order as the page does. */
  order(body: object, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(`${this.url}order`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  /** Resolves with the first state that fits, within 20 s. */
  async until(fits: (state: DevState) => boolean, what: string): Promise<DevState> {
    const last = performance.now() + 20_000;
    for (;;) {
      const state = await this.state();
      if (fits(state)) return state;
      if (performance.now() > last) throw new Error(`no ${what}: ${JSON.stringify(state)}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** Stops it as Ctrl+C does. Resolves with its exit code. */
  stop(): Promise<number | null> {
    this.run.process.kill('SIGINT');
    return this.run.exited;
  }

  /** The processes that it has started, and that still run. */
  children(): string[] {
    return childrenOf(String(this.run.process.pid));
  }
}

/** The temporary folders that processes run in, each once. */
export function foldersOf(pids: readonly string[]): string[] {
  const folders = pids.map((pid) => readlinkSync(`/proc/${pid}/cwd`).replace(/\/data$/, ''));
  return [...new Set(folders)].filter((folder) => folder.includes('/imcore-dev-'));
}

/** Whether a process runs, by its ID. One that has ended and that its parent has not noticed yet does not. */
export function isRunning(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

function childrenOf(parent: string): string[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const own = all.filter((pid) => parentOf(pid) === parent);
  return own.flatMap((pid) => [pid, ...childrenOf(pid)]);
}

function parentOf(pid: string): string | undefined {
  try {
    return / \w (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\)/, ')'))?.[1];
  } catch {
    return undefined;
  }
}
