import type { DeviceVerdict } from './devices/device-ledger.js';
import type { Ledger, Verdict } from './ledger.js';
import { pause } from './traffic.js';

/** Parameters of a run. */
export interface CrashRun {
  /** An empty folder for the files of server and senders. */
  readonly folder: string;
  readonly kills: number;
  /** Rules that are broken on purpose: with `--early` messages are acknowledged too early. */
  readonly flags: readonly string[];
}

/** The result of a run. */
export interface Outcome {
  /** What was killed how often, as text. */
  readonly kills: string;
  /** What is counted: messages `acknowledged` by the server, or `accepted` by an outbox. */
  readonly counted: string;
  readonly verdict: Verdict;
  /** Undefined if the run has no devices. */
  readonly devices?: DeviceVerdict;
}

/** Waits until all messages have been received, or none has arrived for 15 s. `read` brings the ledger up to date. */
export async function settle(ledger: Ledger, read: () => void = () => {}): Promise<void> {
  let lastReceived = -1;
  let quietMs = 0;
  read();
  while (ledger.open().size > 0 && quietMs < 15_000) {
    const { received } = ledger.verdict();
    quietMs = received === lastReceived ? quietMs + 200 : 0;
    lastReceived = received;
    await pause(200);
    read();
  }
}

export function progress(text: string, ledger: Ledger): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${text}, ${ledger.verdict().acknowledged} messages  `);
}
