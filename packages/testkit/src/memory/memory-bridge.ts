import { type BinaryString, type Clock, decodeUtf8 } from '@imcore/protocol';
import {
  type Bridge,
  BridgeError,
  type BridgeHost,
  type BridgeMessage,
  type BridgeVerdict,
} from '@imcore/server/ports';

/** What cannot be handled, with the reason. */
export interface DeadLetter {
  readonly text: string;
  readonly code: string;
  readonly reason: string;
}

/** How a broker in memory treats what it is given. */
export interface MemoryBrokerOptions {
  readonly clock: Clock;
  /** How long a message that nobody could take rests before it is handed in again, in milliseconds. Default 1000. */
  readonly restMs?: number;
  /** Hears each packet that a bridge publishes. */
  readonly onPublished?: (text: string) => void;
}

/** Two queues in this process, in place of a message broker. It can be stopped and started, and keeps what it has. */
export class MemoryBroker {
  readonly published: string[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly #options: MemoryBrokerOptions;
  #incoming: string[] = [];
  #bridge: MemoryBridge | undefined = undefined;
  #isRunning = true;

  constructor(options: MemoryBrokerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Messages of the other system that nobody on this side has disposed of. */
  get waiting(): number {
    return this.#incoming.length;
  }

  stop(): void {
    this.#isRunning = false;
    this.#bridge?.lost();
  }

  start(): void {
    this.#isRunning = true;
    if (this.#bridge !== undefined) this.attach(this.#bridge);
  }

  /** The other system sends a packet's text. */
  send(text: string): void {
    this.#incoming.push(text);
    if (this.#isRunning) this.#bridge?.handIn(text);
  }

  attach(bridge: MemoryBridge): void {
    this.#bridge = bridge;
    if (!this.#isRunning) return;
    bridge.found();
    for (const text of [...this.#incoming]) bridge.handIn(text);
  }

  detach(): void {
    this.#bridge = undefined;
  }

  take(body: BinaryString): void {
    const text = decodeUtf8(body);
    this.published.push(text);
    this.#options.onPublished?.(text);
  }

  answered(bridge: MemoryBridge, text: string, verdict: BridgeVerdict): void {
    if (verdict.outcome === 'later') {
      const { clock, restMs = 1000 } = this.#options;
      clock.schedule(clock.now() + restMs, () => {
        if (this.#bridge === bridge && this.#isRunning) bridge.handIn(text);
      });
      return;
    }
    const at = this.#incoming.indexOf(text);
    if (at >= 0) this.#incoming = this.#incoming.toSpliced(at, 1);
    const { outcome } = verdict;
    if (outcome === 'refused') this.deadLetters.push({ text, code: verdict.code, reason: verdict.reason });
  }
}

interface Waiting {
  readonly message: BridgeMessage;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A bridge to a {@link MemoryBroker}. The reference for the contract of `Bridge`. */
export class MemoryBridge implements Bridge {
  readonly #broker: MemoryBroker;
  #host: BridgeHost | undefined = undefined;
  #isClosed = false;
  #waiting: Waiting[] = [];

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  start(host: BridgeHost): Promise<void> {
    this.#host = host;
    if (!this.#broker.isRunning) host.away(away());
    this.#broker.attach(this);
    return Promise.resolve();
  }

  publish(message: BridgeMessage): Promise<void> {
    if (this.#isClosed) return Promise.reject(closed());
    if (this.#broker.isRunning) {
      this.#broker.take(message.body);
      return Promise.resolve();
    }
    if (!message.mayWait) return Promise.reject(away());
    return new Promise((resolve, reject) => this.#waiting.push({ message, resolve, reject }));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#broker.detach();
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
    return Promise.resolve();
  }

  /** The broker is there. */
  found(): void {
    for (const { message, resolve } of this.#waiting.splice(0)) {
      this.#broker.take(message.body);
      resolve();
    }
    this.#host?.joined();
  }

  /** The broker has stopped. */
  lost(): void {
    this.#host?.away(away());
  }

  /** The broker has a message for this side. */
  handIn(text: string): void {
    void this.#host?.receive(text).then((verdict) => {
      if (!this.#isClosed) this.#broker.answered(this, text, verdict);
    });
  }
}

function away(): BridgeError {
  return new BridgeError('ERR_BRIDGE_AWAY', 'the broker is stopped');
}

function closed(): BridgeError {
  return new BridgeError('ERR_BRIDGE_CLOSED', 'the bridge is closed');
}
