import { RawClient } from './raw-client.js';

/** Pairs of users that send to each other all the time, and the latency of each message. */
export class LiveTraffic {
  readonly #pairs: { readonly sender: RawClient; readonly to: string }[] = [];
  readonly #receivers: RawClient[] = [];
  readonly #sentAt = new Map<string, number>();
  #latencies: number[] = [];
  #timer: NodeJS.Timeout | undefined;
  #messages = 0;

  /** Starts `pairs` pairs, each of which sends a message every `everyMs` milliseconds. */
  async start(port: number, pairs: number, everyMs: number): Promise<void> {
    for (let i = 0; i < pairs; i++) {
      const to = `live-receiver-${i}`;
      const receiver = await RawClient.connect(port, to, ({ fp }) => this.#arrived(fp ?? ''));
      await receiver.login();
      const sender = await RawClient.connect(port, `live-sender-${i}`);
      await sender.login();
      this.#receivers.push(receiver);
      this.#pairs.push({ sender, to });
    }
    this.#timer = setInterval(() => this.#sendAll(), everyMs);
  }

  /** Discards the measurements so far. */
  begin(): void {
    this.#latencies = [];
  }

  /** The number of messages since {@link begin}, and the percentiles 50 and 99 of their latency. */
  read(): { readonly messages: number; readonly medianMs: number; readonly p99Ms: number } {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return { messages: sorted.length, medianMs: at(0.5), p99Ms: at(0.99) };
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const { sender } of this.#pairs) sender.close();
    for (const receiver of this.#receivers) receiver.close();
  }

  #sendAll(): void {
    for (const { sender, to } of this.#pairs) {
      this.#messages += 1;
      const fingerprint = `live-${this.#messages}`;
      this.#sentAt.set(fingerprint, performance.now());
      sender.send(to, 'how long does this take?', fingerprint);
    }
  }

  #arrived(fingerprint: string): void {
    const sentAt = this.#sentAt.get(fingerprint);
    if (sentAt === undefined) return;
    this.#sentAt.delete(fingerprint);
    this.#latencies.push(performance.now() - sentAt);
  }
}
