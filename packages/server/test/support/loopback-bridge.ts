import { decodeFrameBody, encodePacket, type Packet } from '@imcore/protocol';
import type { Bridge, BridgeHost, BridgeMessage, BridgeVerdict } from '../../src/ports/bridge.js';

/** A bridge whose other side is the test. */
export class LoopbackBridge implements Bridge {
  /** What was published, with the promise's fate still open where the test holds it. */
  readonly published: Packet[] = [];
  readonly messages: BridgeMessage[] = [];
  readonly calls: string[] = [];
  /** Set one to let calls of that kind fail. */
  readonly failures: { start?: Error; publish?: Error | undefined; close?: Error } = {};
  readonly #joinsAtStart: boolean;
  #host: BridgeHost | undefined = undefined;
  #held: { resolve(): void; reject(error: Error): void }[] | undefined = undefined;

  constructor(options: { readonly joinsAtStart?: boolean } = {}) {
    this.#joinsAtStart = options.joinsAtStart ?? true;
  }

  get host(): BridgeHost {
    if (this.#host === undefined) throw new Error('the bridge was not started');
    return this.#host;
  }

  /** From now on nothing is confirmed before {@link confirm}. */
  hold(): void {
    this.#held = [];
  }

  confirm(): void {
    for (const { resolve } of this.#held?.splice(0) ?? []) resolve();
  }

  /** The broker is gone: what it has not confirmed is rejected, and what follows as well until {@link join}. */
  lose(error: Error): void {
    this.failures.publish = error;
    this.host.away(error);
    for (const { reject } of this.#held?.splice(0) ?? []) reject(error);
    this.#held = undefined;
  }

  join(): void {
    this.failures.publish = undefined;
    this.host.joined();
  }

  /** The other side sends a packet. */
  deliver(packet: Packet): Promise<BridgeVerdict> {
    return this.host.receive(encodePacket(packet));
  }

  async start(host: BridgeHost): Promise<void> {
    this.calls.push('start');
    if (this.failures.start !== undefined) throw this.failures.start;
    this.#host = host;
    if (this.#joinsAtStart) host.joined();
  }

  async publish(message: BridgeMessage): Promise<void> {
    this.messages.push(message);
    this.published.push(asPlain(decodeFrameBody(message.body)));
    const held = this.#held;
    if (held !== undefined) await new Promise<void>((resolve, reject) => held.push({ resolve, reject }));
    if (this.failures.publish !== undefined) throw this.failures.publish;
  }

  async close(): Promise<void> {
    this.calls.push('close');
    if (this.failures.close !== undefined) throw this.failures.close;
  }
}

function asPlain({ type, dataContent, from, to, fp, QoS, typeu, bridge, sm }: Packet): Packet {
  return { type, dataContent, from, to, fp, QoS, typeu, bridge, sm };
}
