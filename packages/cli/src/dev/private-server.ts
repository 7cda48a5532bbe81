import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Program, type ProgramOptions } from './program.js';

/** How a private server is started, in its folder. */
type Start = Omit<ProgramOptions, 'folder'>;

/** A server that only its starter uses, with a temporary folder of its own. It can be stopped and started again. */
export class PrivateServer {
  readonly url: string;
  readonly port: number;
  readonly #folder: string;
  readonly #start: Start;
  readonly #endSignal: NodeJS.Signals;
  #program: Program | undefined = undefined;

  private constructor(url: string, port: number, folder: string, start: Start, endSignal: NodeJS.Signals) {
    this.url = url;
    this.port = port;
    this.#folder = folder;
    this.#start = start;
    this.#endSignal = endSignal;
  }

  /** `prepare` gets the folder, and returns how the server is started in it. `endSignal` is how it is stopped by default. */
  static async create(
    url: string,
    port: number,
    endSignal: NodeJS.Signals,
    prepare: (folder: string) => Start | Promise<Start>,
  ): Promise<PrivateServer> {
    const folder = mkdtempSync(join(tmpdir(), 'imcore-dev-'));
    try {
      return new PrivateServer(url, port, folder, await prepare(folder), endSignal);
    } catch (error) {
      removeFolder(folder);
      throw error;
    }
  }

  /** Resolves when it accepts connections. @throws DevError `ERR_PROGRAM_FAILED` */
  async start(): Promise<void> {
    this.#program = await Program.start({ ...this.#start, folder: this.#folder });
  }

  /** Calls `tell` when it ends before {@link stop}. */
  onEnd(tell: (reason: string) => void): void {
    this.#program?.onEnd(tell);
  }

  /** See {@link Program.stop}. Does nothing if it does not run. */
  async stop(signal: NodeJS.Signals = this.#endSignal, withinMs?: number): Promise<void> {
    await this.#program?.stop(signal, withinMs);
    this.#program = undefined;
  }

  /** See {@link Program.hang}. */
  hang(): void {
    this.#program?.hang();
  }

  resume(): void {
    this.#program?.resume();
  }

  /** Stops it and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    removeFolder(this.#folder);
  }
}

function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
