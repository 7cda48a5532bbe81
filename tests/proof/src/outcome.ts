import type { Ledger, Verdict } from './ledger.js';
import { pause } from './traffic.js';

/** What a run is told. */
export interface CrashRun {
  /** An empty folder for everything that is to survive. */
  readonly folder: string;
  readonly kills: number;
  /** `--early` among them: the promise is broken on purpose. */
  readonly flags: readonly string[];
}

/** What a run has shown. */
export interface Outcome {
  /** Who was killed how often, in words. */
  readonly kills: string;
  /** What senders were told: `acknowledged`, or `accepted` into their outbox. */
  readonly promised: string;
  readonly verdict: Verdict;
}

/** Waits until all that was promised is handed, as long as anything still comes. */
export async function settle(ledger: Ledger): Promise<void> {
  let lastHanded = -1;
  let quietMs = 0;
  while (ledger.open().size > 0 && quietMs < 15_000) {
    const { handed } = ledger.verdict();
    quietMs = handed === lastHanded ? quietMs + 200 : 0;
    lastHanded = handed;
    await pause(200);
  }
}

export function progress(text: string, ledger: Ledger): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(`\r${text}, ${ledger.verdict().acknowledged} promised  `);
}
