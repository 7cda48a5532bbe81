import type { Broker, BrokerHost, BrokerMessage, BrokerVerdict } from '../../src/broker.js';
import type { DeadLetter } from './memory-broker.js';

/** The queues of a broker, with the other system behind them. */
interface QueuesUnderTest {
  /** What the other system has received, oldest first. */
  published(): readonly string[];
  /** The other system sends a text. */
  send(text: string): Promise<void>;
  /** What became a dead letter since the last call. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** They cannot be reached any more; what has no verdict goes back into the queue. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** The queues of one test. */
export interface BrokerFixture {
  readonly queues: QueuesUnderTest;
  /** A broker over them, with whom a message rests for some hundred milliseconds at most. */
  createBroker(): Broker;
  close(): Promise<void>;
}

/** Makes queues for one test. */
export type CreateBrokerFixture = () => Promise<BrokerFixture>;

/** A broker's host that answers as the test says. */
export class HostUnderTest implements BrokerHost {
  readonly received: string[] = [];
  readonly states: string[] = [];
  readonly errors: Error[] = [];
  /** The verdict on a text; a promise that stays open leaves it without one. */
  judge: (text: string) => BrokerVerdict | Promise<BrokerVerdict> = () => ({ outcome: 'taken' });

  async receive(text: string): Promise<BrokerVerdict> {
    this.received.push(text);
    return await this.judge(text);
  }

  onJoined(): void {
    this.states.push('joined');
  }

  onAway(): void {
    this.states.push('away');
  }

  onError(error: Error): void {
    this.errors.push(error);
  }
}

/** A packet's text as a broker gets it. */
export function brokerMessage(text: string, options: Partial<BrokerMessage> = {}): BrokerMessage {
  return { body: Buffer.from(text).toString('latin1'), isRepeatable: true, mayWait: true, ...options };
}
