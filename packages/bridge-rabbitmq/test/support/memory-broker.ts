import { type BinaryString, type Clock, decodeUtf8 } from '@imcore/protocol';
import { BridgeError } from '../../src/bridge-error.js';
import type { Broker, BrokerHealth, BrokerHost, BrokerMessage, BrokerVerdict } from '../../src/broker.js';

/** A message that cannot be handled, with the reason. */
export interface DeadLetter {
  readonly text: string;
  readonly code: string;
  readonly reason: string;
}

/** How queues in memory treat messages. */
interface MemoryQueuesOptions {
  readonly clock: Clock;
  /** How long a message that nobody could take rests before it is delivered again, in milliseconds. Default 1000. */
  readonly restMs?: number;
  /** Called with each packet that is published. */
  readonly onPublished?: (text: string) => void;
}

/** Two queues in this process, in place of a message broker. They can be stopped and started, and keep what they have. */
export class MemoryQueues {
  readonly published: string[] = [];
  readonly deadLetters: DeadLetter[] = [];
  readonly #options: MemoryQueuesOptions;
  #incoming: string[] = [];
  #broker: MemoryBroker | undefined = undefined;
  #isRunning = true;

  constructor(options: MemoryQueuesOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  stop(): void {
    this.#isRunning = false;
    this.#broker?.lost();
  }

  start(): void {
    this.#isRunning = true;
    if (this.#broker !== undefined) this.attach(this.#broker);
  }

  /** The other system sends a packet's text. */
  send(text: string): void {
    this.#incoming.push(text);
    if (this.#isRunning) this.#broker?.deliver(text);
  }

  attach(broker: MemoryBroker): void {
    this.#broker = broker;
    if (!this.#isRunning) return;
    broker.found();
    for (const text of [...this.#incoming]) broker.deliver(text);
  }

  detach(): void {
    this.#broker = undefined;
  }

  take(body: BinaryString): void {
    const text = decodeUtf8(body);
    this.published.push(text);
    this.#options.onPublished?.(text);
  }

  answered(broker: MemoryBroker, text: string, verdict: BrokerVerdict): void {
    if (verdict.outcome === 'later') {
      const { clock, restMs = 1000 } = this.#options;
      clock.schedule(clock.now() + restMs, () => {
        if (this.#broker === broker && this.#isRunning) broker.deliver(text);
      });
      return;
    }
    const at = this.#incoming.indexOf(text);
    if (at >= 0) this.#incoming = this.#incoming.toSpliced(at, 1);
    const { outcome } = verdict;
    if (outcome === 'rejected') this.deadLetters.push({ text, code: verdict.code, reason: verdict.reason });
  }
}

interface Waiting {
  readonly message: BrokerMessage;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A broker over {@link MemoryQueues}. The reference for the contract of `Broker`. */
export class MemoryBroker implements Broker {
  readonly #queues: MemoryQueues;
  #host: BrokerHost | undefined = undefined;
  #state: BrokerHealth['state'] = 'new';
  #joins = 0;
  #waiting: Waiting[] = [];

  constructor(queues: MemoryQueues) {
    this.#queues = queues;
  }

  get health(): BrokerHealth {
    const { length: deadLetters } = this.#queues.deadLetters;
    const { length: waiting } = this.#waiting;
    return { state: this.#state, lastError: undefined, waiting, joins: this.#joins, deadLetters };
  }

  start(host: BrokerHost): Promise<void> {
    this.#host = host;
    if (!this.#queues.isRunning) this.lost();
    this.#queues.attach(this);
    return Promise.resolve();
  }

  publish(message: BrokerMessage): Promise<void> {
    if (this.#state === 'closed') return Promise.reject(closed());
    if (this.#queues.isRunning) {
      this.#queues.take(message.body);
      return Promise.resolve();
    }
    if (!message.mayWait) return Promise.reject(away());
    return new Promise((resolve, reject) => this.#waiting.push({ message, resolve, reject }));
  }

  close(): Promise<void> {
    this.#state = 'closed';
    this.#queues.detach();
    for (const { reject } of this.#waiting.splice(0)) reject(closed());
    return Promise.resolve();
  }

  /** The queues are there. */
  found(): void {
    for (const { message, resolve } of this.#waiting.splice(0)) {
      this.#queues.take(message.body);
      resolve();
    }
    this.#state = 'joined';
    this.#joins += 1;
    this.#host?.onJoined();
  }

  /** The queues have stopped. */
  lost(): void {
    this.#state = 'away';
    this.#host?.onAway(away());
  }

  /** The queues have a message for this side. */
  deliver(text: string): void {
    void this.#host?.receive(text).then((verdict) => {
      if (this.#state !== 'closed') this.#queues.answered(this, text, verdict);
    });
  }
}

function away(): BridgeError {
  return new BridgeError('ERR_BRIDGE_AWAY', 'the broker is stopped');
}

function closed(): BridgeError {
  return new BridgeError('ERR_BRIDGE_CLOSED', 'the bridge is closed');
}
