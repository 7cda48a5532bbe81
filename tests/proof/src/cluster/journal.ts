import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { NodeReport } from './node-process.js';

/** Name of a sender and its receiver. */
export type Pair = `${string}>${string}`;

/** A message of a pair. They are numbered from 0 in the order of sending. */
interface MessageName {
  readonly pair: Pair;
  readonly number: number;
}

/** What a client wrote down. `node`: that of its session, or of the last try. */
type ClientEvent =
  /** It tries to log in without the time of a first login, as a client that was started just now. */
  | { readonly kind: 'fresh'; readonly userId: string; readonly node: string }
  /** The server has accepted its login. */
  | { readonly kind: 'online'; readonly userId: string; readonly node: string }
  /** It has seen the end of its session. */
  | { readonly kind: 'offline'; readonly userId: string }
  /** A message was given to it. */
  | ({ readonly kind: 'sent' } & MessageName)
  /** An original client has written a message again. */
  | ({ readonly kind: 'retransmitted' } & MessageName)
  /** `once`: it has certainly not been retransmitted. */
  | ({ readonly kind: 'acknowledged'; readonly sentAt: number; readonly once: boolean } & MessageName)
  /** The application of the receiver got it. `from`: node of the sender. */
  | ({
      readonly kind: 'delivered';
      readonly sentAt: number;
      readonly from: string;
      readonly node: string;
    } & MessageName)
  /** An original client has recognized a copy by its fingerprint, and not delivered it. */
  | ({ readonly kind: 'copy' } & MessageName)
  | { readonly kind: 'kicked'; readonly userId: string; readonly code: number };

/** What the proof itself wrote down. */
type ProofEvent =
  /** Something is broken from now on. `closed`: the node whose sessions end with it. */
  | { readonly kind: 'began'; readonly act: string; readonly closed?: string | undefined }
  /** The fault is over: recovery begins. */
  | { readonly kind: 'ended' }
  /** All is repaired and has recovered, or the proof waits no longer for it. Calm begins. */
  | { readonly kind: 'calm' }
  | ({ readonly kind: 'report'; readonly node: string } & NodeReport);

type JournalEvent = ClientEvent | ProofEvent;

/** A line of a journal. `at`: by the machine's monotonic clock, in milliseconds. */
export type JournalEntry = JournalEvent & { readonly at: number };

/** A file to which one process appends what happened, a line of JSON for each event. */
export class JournalFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'a');
  }

  /** The entry is in the file when this returns: it outlives the process. */
  add(entry: JournalEntry): void {
    writeSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** Reads a journal from its beginning, also while it is written. */
export class JournalReader {
  readonly #file: number;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #rest = '';

  constructor(path: string) {
    this.#file = openSync(path, 'r');
  }

  /** The next entries, about one MiB of them at most; none at the end of what is written. */
  read(): readonly JournalEntry[] {
    const length = readSync(this.#file, this.#chunk, 0, CHUNK_BYTES, null);
    const lines = (this.#rest + this.#chunk.toString('latin1', 0, length)).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.map((line) => JSON.parse(line) as JournalEntry);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The entries of several journals as far as they are written, in the order of time. */
export function* mergeJournals(paths: readonly string[]): Generator<JournalEntry> {
  const heads = new Map(paths.map((path) => [entriesOf(path), undefined as JournalEntry | undefined]));
  const advance = (entries: Generator<JournalEntry>): void => {
    const { done, value } = entries.next();
    if (done === true) heads.delete(entries);
    else heads.set(entries, value);
  };
  for (const entries of heads.keys()) advance(entries);
  while (heads.size > 0) {
    const [entries, entry] = [...heads].reduce((a, b) => ((b[1]?.at ?? 0) < (a[1]?.at ?? 0) ? b : a));
    if (entry !== undefined) yield entry;
    advance(entries);
  }
}

function* entriesOf(path: string): Generator<JournalEntry> {
  const reader = new JournalReader(path);
  try {
    for (let entries = reader.read(); entries.length > 0; entries = reader.read()) yield* entries;
  } finally {
    reader.close();
  }
}
