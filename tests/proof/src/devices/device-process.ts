import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { Kind } from '../proof-client.js';
import type { Ports } from '../server-process.js';
import { pause } from '../traffic.js';

const MAIN = fileURLToPath(new URL('./device-main.js', import.meta.url));

/** What a device process has written into its journal. */
type JournalLine =
  | { readonly kind: 'got' | 'twice'; readonly position: number; readonly content: string }
  | { readonly kind: 'gap'; readonly from: number; readonly to: number };

/** A device of a user as a process, which can be killed and started again with the same outbox. */
export class DeviceProcess {
  readonly #kind: Kind;
  readonly #ports: Ports;
  readonly #userId: string;
  readonly #folder: string;
  readonly #flags: readonly string[];
  #child: ChildProcessByStdio<Writable, null, null> | undefined;
  #linesRead = 0;

  /** `folder`: for the outbox; the journal is beside it. */
  constructor(kind: Kind, ports: Ports, userId: string, folder: string, flags: readonly string[]) {
    this.#kind = kind;
    this.#ports = ports;
    this.#userId = userId;
    this.#folder = folder;
    this.#flags = flags;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    const { tcp, udp, ws } = this.#ports;
    const values = [this.#kind, tcp, udp, ws, this.#userId, this.#folder, this.#journal].map(String);
    this.#child = spawn(process.execPath, [MAIN, ...values, ...this.#flags], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
  }

  /** Ends it with SIGKILL: no handler runs. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const gone = once(child, 'close');
    child.kill('SIGKILL');
    await gone;
  }

  /** Resolves when it has logged in for the first time: what was sent before need not reach it. */
  async firstLogin(): Promise<void> {
    while (!existsSync(this.#journal) || !readFileSync(this.#journal, 'utf8').includes('online\n'))
      await pause(50);
  }

  /** The lines of the journal that were not read yet. */
  newLines(): readonly JournalLine[] {
    if (!existsSync(this.#journal)) return [];
    const lines = readFileSync(this.#journal, 'utf8').split('\n').slice(0, -1);
    const fresh = lines.slice(this.#linesRead);
    this.#linesRead = lines.length;
    return fresh.flatMap(toLine);
  }

  get #journal(): string {
    return `${this.#folder}.journal`;
  }
}

/** Returns nothing for a line that a crash has cut. */
function toLine(line: string): readonly JournalLine[] {
  const [kind = '', first = '', second = ''] = line.split(' ');
  if (kind === 'gap') return [{ kind, from: Number(first), to: Number(second) }];
  if (kind !== 'got' && kind !== 'twice') return [];
  return [{ kind, position: Number(first), content: second }];
}
