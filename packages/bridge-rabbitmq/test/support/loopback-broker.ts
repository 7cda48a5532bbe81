import { decodeFrameBody, encodePacket, type Packet } from '@imcore/protocol';
import type { Broker, BrokerHealth, BrokerHost, BrokerMessage, BrokerVerdict } from '../../src/broker.js';

/** A broker whose other side is the test. */
export class LoopbackBroker implements Broker {
  readonly health: BrokerHealth = {
    state: 'joined',
    lastError: undefined,
    waiting: 0,
    joins: 1,
    deadLetters: 0,
  };
  /** What was published, confirmed or not. */
  readonly published: Packet[] = [];
  readonly messages: BrokerMessage[] = [];
  readonly calls: string[] = [];
  /** Set one to let calls of that kind fail. */
  readonly failures: { start?: Error; publish?: Error | undefined; close?: Error } = {};
  readonly #joinsAtStart: boolean;
  #host: BrokerHost | undefined = undefined;
  #held: { resolve(): void; reject(error: Error): void }[] | undefined = undefined;

  constructor(options: { readonly joinsAtStart?: boolean } = {}) {
    this.#joinsAtStart = options.joinsAtStart ?? true;
  }

  get host(): BrokerHost {
    if (this.#host === undefined) throw new Error('the broker was not started');
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
    this.host.onAway(error);
    for (const { reject } of this.#held?.splice(0) ?? []) reject(error);
    this.#held = undefined;
  }

  join(): void {
    this.failures.publish = undefined;
    this.host.onJoined();
  }

  /** The other side sends a packet. */
  deliver(packet: Packet): Promise<BrokerVerdict> {
    return this.host.receive(encodePacket(packet));
  }

  async start(host: BrokerHost): Promise<void> {
    this.calls.push('start');
    if (this.failures.start !== undefined) throw this.failures.start;
    this.#host = host;
    if (this.#joinsAtStart) host.onJoined();
  }

  async publish(message: BrokerMessage): Promise<void> {
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

/** A packet without what its reader adds to it. */
export function asPlain({ type, dataContent, from, to, fp, QoS, typeu, bridge, sm }: Packet): Packet {
  return { type, dataContent, from, to, fp, QoS, typeu, bridge, sm };
}
