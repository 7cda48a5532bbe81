import type { ServerLimits } from '@imcore/server';
import type { Lab } from './lab.js';

/** One kind of odd input, and how to send it. */
export interface Experiment {
  /** The name in docs/protocol/odd-input.md and, if the original was observed, in observed-java-server.json. */
  readonly name: string;
  /** Whether it needs real sockets: for input below packets, or a close frame as the answer. */
  readonly overSockets?: boolean;
  /** Whether the server needs a real clock. */
  readonly inRealTime?: boolean;
  /** Limits of the server that differ from the defaults. */
  readonly limits?: Partial<ServerLimits>;
  /** Sends the input. Resolves with the outcome, on one line. */
  run(lab: Lab): Promise<string>;
}
