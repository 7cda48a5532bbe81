import type { Bridge, BridgeHost, BridgeMessage, BridgeVerdict } from '@imcore/server/ports';
import type { DeadLetter } from '../memory/memory-bridge.js';

/** A broker with the other system behind it. */
export interface BrokerUnderTest {
  /** What the other system has found in its queue, oldest first. */
  published(): readonly string[];
  /** The other system sends a text. */
  send(text: string): Promise<void>;
  /** What was put among the dead letters since the last call. */
  deadLetters(): Promise<readonly DeadLetter[]>;
  /** The bridge cannot reach the broker any more; what it has not answered for goes back into the queue. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A broker of one test. */
export interface BridgeFixture {
  readonly broker: BrokerUnderTest;
  /** A bridge to it. Nobody waits for a message that rests longer than some hundred milliseconds. */
  createBridge(): Bridge;
  close(): Promise<void>;
}

/** Makes a bridge and its broker for one test. */
export type CreateBridgeFixture = () => Promise<BridgeFixture>;

/** A server's side of a bridge that says what the test says. */
export class HostUnderTest implements BridgeHost {
  readonly received: string[] = [];
  readonly states: string[] = [];
  readonly troubles: Error[] = [];
  /** What is said of a text; a promise that stays open leaves it without a verdict. */
  judge: (text: string) => BridgeVerdict | Promise<BridgeVerdict> = () => ({ outcome: 'taken' });

  async receive(text: string): Promise<BridgeVerdict> {
    this.received.push(text);
    return await this.judge(text);
  }

  joined(): void {
    this.states.push('joined');
  }

  away(): void {
    this.states.push('away');
  }

  troubled(error: Error): void {
    this.troubles.push(error);
  }
}

/** A packet's text as a bridge is given it. */
export function bridgeMessage(text: string, options: Partial<BridgeMessage> = {}): BridgeMessage {
  return { body: Buffer.from(text).toString('latin1'), isRepeatable: true, mayWait: true, ...options };
}
