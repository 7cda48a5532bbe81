import type { BinaryString } from '@imcore/protocol';

/**
 * The outcome of a message from the other system.
 *
 * - `taken`: somebody on this side is responsible for it, or it was taken before. The broker can forget it.
 * - `rejected`: it cannot be handled, now or later. The broker keeps it as a dead letter with code and reason.
 * - `later`: the store fails or the server closes. The broker keeps it and delivers it again.
 */
export type BrokerVerdict =
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'rejected'; readonly code: string; readonly reason: string }
  | { readonly outcome: 'later' };

/** What a broker reports to. */
export interface BrokerHost {
  /** Takes the text of one packet. Called in the order of the queue, without waiting for verdicts. Never rejects. */
  receive(text: string): Promise<BrokerVerdict>;
  /** From now on messages are published and received. */
  onJoined(): void;
  /** The broker cannot be reached or used, and keeps trying. Called once until it has joined again. */
  onAway(error: Error): void;
  /** Something is wrong although the broker works: a queue has other arguments, a dead letter was not kept. */
  onError(error: Error): void;
}

/** A packet for the other system. */
export interface BrokerMessage {
  /** The packet's text, as UTF-8 bytes. */
  readonly body: BinaryString;
  /** Whether it has a fingerprint, so that a second copy is recognized. Without one it is published at most once. */
  readonly isRepeatable: boolean;
  /**
   * Whether it may wait while the broker is away, and be published again when its outcome is unknown. If not,
   * `publish` rejects as soon as the broker is away: the store keeps it.
   */
  readonly mayWait: boolean;
}

/** How a broker is, for operators. */
export interface BrokerHealth {
  /** `away`: the broker cannot be reached or used, and keeps trying. */
  readonly state: 'new' | 'joined' | 'away' | 'closed';
  /** Why it is away, or was the last time. */
  readonly lastError: Error | undefined;
  /** Messages that are not confirmed yet. */
  readonly waiting: number;
  /** How often it has joined. */
  readonly joins: number;
  /** Messages that became dead letters. */
  readonly deadLetters: number;
}

/**
 * Two queues between this server and another system: one that is published to, one that is received from.
 *
 * @see docs/protocol/SPEC.md#9-the-bridge-to-mobileimsdk-web
 */
export interface Broker {
  readonly health: BrokerHealth;
  /** Connects. Resolves without a connection too: the broker then joins when there is one. */
  start(host: BrokerHost): Promise<void>;
  /**
   * Publishes a packet, after all that were published before. Resolves when the other side's queue has it.
   *
   * @throws BridgeError it has not, or that is unknown: see the code.
   */
  publish(message: BrokerMessage): Promise<void>;
  /**
   * Receives nothing more, gives back what has no verdict, and rejects what is not published. A second call waits for
   * the end of the first.
   */
  close(): Promise<void>;
}
