import type { Packet } from '@imcore/protocol';
import type { Bridge, BridgeReceiver } from '../../src/ports/bridge.js';

/** A bridge whose other side is the test. */
export class LoopbackBridge implements Bridge {
  readonly published: Packet[] = [];
  readonly calls: string[] = [];
  /** Set one to let calls of that kind fail. */
  readonly failures: { start?: Error; publish?: Error | undefined; close?: Error } = {};
  #receive: BridgeReceiver | undefined = undefined;
  #held: (() => void)[] | undefined = undefined;

  /** From now on nothing is confirmed before {@link confirm}. */
  hold(): void {
    this.#held = [];
  }

  confirm(): void {
    for (const resume of this.#held?.splice(0) ?? []) resume();
  }

  /** The other side sends a packet. */
  deliver(packet: Packet): Promise<void> {
    if (this.#receive === undefined) throw new Error('the bridge was not started');
    return this.#receive(packet);
  }

  async start(receive: BridgeReceiver): Promise<void> {
    this.calls.push('start');
    if (this.failures.start !== undefined) throw this.failures.start;
    this.#receive = receive;
  }

  async publish(packet: Packet): Promise<void> {
    this.published.push(packet);
    const held = this.#held;
    if (held !== undefined) await new Promise<void>((resolve) => held.push(resolve));
    if (this.failures.publish !== undefined) throw this.failures.publish;
  }

  async close(): Promise<void> {
    this.calls.push('close');
    if (this.failures.close !== undefined) throw this.failures.close;
  }
}
