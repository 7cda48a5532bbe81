import { cpSync, rmSync } from 'node:fs';
import { fileOutbox, type ImClient } from '@imcore/client/node';
import { type Kind, proofClient, transportOf } from '../proof-client.js';
import type { Ports } from '../server-process.js';
import { CuttableTransport } from './cuttable-transport.js';

/** What the application of the device is told. */
interface DeviceObserver {
  received(content: string): void;
  /** A message of the device is stored. */
  stored(fingerprint: string): void;
  gap(from: number, to: number): void;
}

/** How long a change of transport took, in milliseconds. */
interface Change {
  /** From the beginning of the login until it was accepted. */
  readonly loginMs: number;
  /** From the beginning of the login until the next message was delivered. */
  readonly resumeMs: number;
}

/** One device of a user, with an outbox in files, which changes its transport. */
export class ChangingDevice {
  readonly #userId: string;
  readonly #folder: string;
  readonly #ports: Ports;
  readonly #observer: DeviceObserver;
  readonly #forgets: boolean;
  #client: ImClient | undefined;
  #link: CuttableTransport | undefined;
  #onMessage: () => void = () => {};
  #changes = 0;

  /** `forgets`: now and then the outbox is set back to an older copy, on purpose. */
  constructor(userId: string, folder: string, ports: Ports, observer: DeviceObserver, forgets: boolean) {
    this.#userId = userId;
    this.#folder = folder;
    this.#ports = ports;
    this.#observer = observer;
    this.#forgets = forgets;
  }

  /** The number of messages that wait for an acknowledgement. */
  get pending(): number {
    return this.#client?.pendingMessages ?? 0;
  }

  /** Sends a message. Its outcome is told by the observer, whatever the transport is by then. */
  send(to: string, content: string, fingerprint: string): void {
    this.#client?.send({ to, content, fingerprint }).catch(() => undefined);
  }

  /**
   * Continues on a transport. `how`: whether the device leaves the one before with a logout, or loses it, so that its session is
   * still open at the server. Resolves when the next message was delivered.
   *
   * @throws Error if the server has not negotiated a log
   */
  async change(kind: Kind, how: 'logout' | 'cut'): Promise<Change> {
    const before = this.#link;
    if (how === 'cut') before?.cut();
    await this.#client?.close();
    this.#changes += 1;
    if (this.#forgets) this.#forget();
    const link = new CuttableTransport(transportOf(kind, this.#ports));
    const client = proofClient(kind, this.#ports, {
      outbox: fileOutbox(this.#folder),
      transport: link.transport,
    });
    client.on('message', ({ content }) => {
      this.#observer.received(content);
      this.#onMessage();
    });
    client.on('delivered', ({ fingerprint }) => this.#observer.stored(fingerprint));
    client.on('gap', ({ from, to }) => this.#observer.gap(from, to));
    const next = new Promise<void>((resolve) => {
      this.#onMessage = resolve;
    });
    [this.#client, this.#link] = [client, link];
    const startedAt = performance.now();
    await client.login({ userId: this.#userId, token: 't' });
    const loginMs = performance.now() - startedAt;
    if (client.level !== 1) throw new Error(`the login over ${kind} has level ${client.level}`);
    await next;
    const resumeMs = performance.now() - startedAt;
    before?.clear();
    return { loginMs, resumeMs };
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  #forget(): void {
    const copy = `${this.#folder}-before`;
    if (this.#changes % 10 === 4) cpSync(this.#folder, copy, { recursive: true });
    if (this.#changes % 10 !== 8) return;
    rmSync(this.#folder, { recursive: true });
    cpSync(copy, this.#folder, { recursive: true });
  }
}
