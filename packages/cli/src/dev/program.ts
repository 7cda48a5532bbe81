import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { DevError } from './dev-error.js';

/** How to start a program. */
export interface ProgramOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  /** The user it runs as. Default: that of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number } | undefined;
  /** What it writes to the standard error when it is ready; undefined: it is ready when it ends with exit code 0. */
  readonly readyText?: string;
}

const READY_MS = 30_000;
const STOP_MS = 5000;
const KEPT_OUTPUT = 2000;

/**
 * The shell becomes the program. A second shell waits for the end of descriptor 3, which comes when this process ends in any way. If
 * the program still runs then, the second shell ends it and removes its folder.
 */
const SCRIPT = `(
  read -r _ <&3
  kill -INT $$ 2>/dev/null || exit
  for _ in 1 2 3 4 5 6 7 8 9 10; do kill -0 $$ 2>/dev/null || break; sleep 0.5; done
  rm -rf "$PWD"
) >/dev/null &
exec "$@" 3<&-`;

/** A program of this machine that only this command uses, and that ends with it. Ctrl+C in the terminal does not reach it. */
export class Program {
  readonly #child: ChildProcess;
  readonly #name: string;
  #output = '';
  #isStopping = false;

  private constructor({ file, args, folder, owner }: ProgramOptions) {
    this.#name = basename(file);
    this.#child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', file, ...args], {
      cwd: folder,
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C' },
      ...owner,
    });
    this.#child.on('exit', () => this.#child.stdio[3]?.destroy());
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output = (this.#output + text).slice(-KEPT_OUTPUT);
    });
  }

  /** Resolves when it is ready. @throws DevError `ERR_PROGRAM_FAILED` with the end of its output. */
  static async start(options: ProgramOptions): Promise<Program> {
    const program = new Program(options);
    const { readyText } = options;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        const fail = (what: string): void => reject(program.#failure(what));
        timer = setTimeout(() => fail(`is not ready after ${READY_MS / 1000} s`), READY_MS);
        program.#child.stderr?.on('data', () => {
          if (readyText !== undefined && program.#output.includes(readyText)) resolve();
        });
        program.#child.on('error', (error) => fail(`does not start: ${error.message}`));
        program.#child.on('close', (code, signal) => {
          if (readyText === undefined && code === 0) resolve();
          else fail(`ended with ${code ?? signal}`);
        });
      });
    } catch (error) {
      program.#child.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
    return program;
  }

  /** Calls `tell` when it ends before {@link stop}. */
  onEnd(tell: (reason: string) => void): void {
    this.#child.on('close', (code, signal) => {
      if (!this.#isStopping) tell(`${this.#name} ended with ${code ?? signal}`);
    });
  }

  /** Ends it with the signal, and with SIGKILL if it does not end within this time, 5 s by default. */
  async stop(signal: NodeJS.Signals, withinMs = STOP_MS): Promise<void> {
    this.#isStopping = true;
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'close');
    this.#child.kill(signal);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), withinMs);
    await ended;
    clearTimeout(timer);
  }

  /** It neither reads nor writes until {@link resume}; the system still accepts connections for it. */
  hang(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #failure(what: string): DevError {
    return new DevError('ERR_PROGRAM_FAILED', `${this.#name} ${what}`, this.#output.trim() || undefined);
  }
}
