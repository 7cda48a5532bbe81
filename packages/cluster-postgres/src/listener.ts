import { Socket } from 'node:net';
import { type BusConnectionHost, ClusterError, clusterAddress, nodeAddress } from '@imcore/server/ports';
import { Client, type Notification } from 'pg';
import { type NoticeWriter, readNotice } from './frame-text.js';
import { NoticeQueue } from './notice-queue.js';
import type { Settings } from './options.js';

/** Probe times without an answer after which a connection is given up. */
const MAX_SILENCE = 3;

/** All notifications of a batch in one statement, for batches of every size. */
const NOTIFY = {
  name: 'imcore_notify',
  text: 'SELECT pg_notify(channel, text) FROM unnest($1::text[], $2::text[]) AS notice (channel, text)',
};

/**
 * One connection that listens and notifies, for its whole life: what waits when it ends is dropped with it.
 *
 * A probe to its own channel each second shows that notifications still arrive. They do not behind a pooler in transaction mode,
 * where LISTEN is lost without an error. Probes are counted instead of timed, so that a pause of this process ends nothing.
 */
export class Listener {
  readonly #settings: Settings;
  readonly #writer: NoticeWriter;
  readonly #user: BusConnectionHost;
  readonly #queue: NoticeQueue;
  readonly #socket = new Socket();
  readonly #client: Client;
  #state: 'connecting' | 'probing' | 'up' | 'ended' = 'connecting';
  /** Probe times since the last sign of the server. */
  #silence = 0;
  /** Probes of earlier connections may arrive here. */
  readonly #firstNumber: number;
  #isWriting = false;
  #onDrained: (() => void) | undefined = undefined;
  #timer: { cancel(): void } | undefined = undefined;

  constructor(settings: Settings, writer: NoticeWriter, user: BusConnectionHost) {
    this.#settings = settings;
    this.#writer = writer;
    this.#user = user;
    this.#queue = new NoticeQueue(settings.maxWaitingBytes);
    this.#firstNumber = writer.last + 1;
    this.#client = new Client({ ...settings.client, stream: () => this.#socket });
  }

  open(): void {
    this.#client.on('error', (error) => this.#end(error));
    this.#client.on('end', () => this.#end(new Error('the connection was closed')));
    this.#client.on('notification', (notification) => this.#receive(notification));
    this.#awaitTick();
    void this.#listen().catch((error: unknown) => this.#end(error));
  }

  /** Returns false if the frame was dropped. */
  notify(channel: string, frame: Uint8Array): boolean {
    if (this.#state !== 'up') return false;
    if (!this.#queue.add({ channel, text: this.#writer.frame(frame) })) return false;
    this.#startWriting();
    return true;
  }

  /** Writes what waits, for `closeMs` at most, and ends. */
  async close(): Promise<void> {
    const isUp = this.#state === 'up';
    this.#state = 'ended';
    this.#timer?.cancel();
    if (isUp) await this.#finish();
    this.#socket.destroy();
  }

  async #finish(): Promise<void> {
    const { clock, closeMs } = this.#settings;
    const drained = this.#queue.isEmpty
      ? Promise.resolve()
      : new Promise<void>((resolve) => {
          this.#onDrained = resolve;
        });
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = clock.schedule(clock.now() + closeMs, resolve);
    });
    await Promise.race([drained.then(() => this.#client.end()).catch(() => {}), late]);
    timer?.cancel();
  }

  async #listen(): Promise<void> {
    const { clusterName, nodeId } = this.#settings;
    await this.#client.connect();
    const channels = [clusterAddress(clusterName), nodeAddress({ clusterName, nodeId })];
    const listen = channels.map((channel) => `LISTEN ${this.#client.escapeIdentifier(channel)}`);
    await this.#client.query(['SET synchronous_commit = off', ...listen].join(';'));
    if (this.#state !== 'connecting') return;
    this.#state = 'probing';
    this.#silence = 0;
    this.#probe();
  }

  #awaitTick(): void {
    const { clock, probeMs } = this.#settings;
    this.#timer = clock.schedule(clock.now() + probeMs, () => this.#tick());
  }

  #tick(): void {
    this.#silence += 1;
    const problem = this.#problem();
    if (problem !== undefined) {
      this.#end(problem);
      return;
    }
    if (this.#state !== 'connecting') this.#probe();
    this.#awaitTick();
  }

  /** Why the connection is given up, if it is. */
  #problem(): ClusterError | undefined {
    const { probeMs, connectProbes } = this.#settings;
    if (this.#state === 'connecting')
      return this.#silence < connectProbes ? undefined : notConnected(connectProbes * probeMs);
    return this.#silence < MAX_SILENCE ? undefined : silent(this.#state, MAX_SILENCE * probeMs);
  }

  #probe(): void {
    this.#queue.addFirst({ channel: nodeAddress(this.#settings), text: this.#writer.probe() });
    this.#startWriting();
  }

  #receive({ payload = '' }: Notification): void {
    const notice = readNotice(payload);
    if (notice === undefined || this.#state === 'ended') return;
    if (notice.sender !== this.#writer.sender) {
      if (this.#state === 'up' && notice.frame !== undefined) this.#user.onFrame(notice.frame);
    } else if (notice.frame === undefined && notice.number >= this.#firstNumber) {
      this.#answered();
    }
  }

  #answered(): void {
    this.#silence = 0;
    if (this.#state !== 'probing') return;
    this.#state = 'up';
    this.#user.onUp();
  }

  /** What is sent in one turn of the event loop goes as one batch; what is sent while it is under way, as the next. */
  #startWriting(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(() => {
      void this.#write().catch((error: unknown) => this.#end(error));
    });
  }

  async #write(): Promise<void> {
    for (let batch = this.#queue.nextBatch(); batch.length > 0; batch = this.#queue.nextBatch()) {
      const values = [batch.map(({ channel }) => channel), batch.map(({ text }) => text)];
      await this.#client.query({ ...NOTIFY, values });
      this.#queue.written(batch);
    }
    this.#isWriting = false;
    this.#onDrained?.();
  }

  #end(cause: unknown): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#timer?.cancel();
    this.#socket.destroy();
    this.#user.onEnd(cause);
  }
}

function notConnected(ms: number): ClusterError {
  return new ClusterError(
    'ERR_CLUSTER_AWAY',
    `PostgreSQL cannot be reached: no connection within ${ms / 1000} s`,
  );
}

function silent(state: string, ms: number): ClusterError {
  const pooler = state === 'probing' ? '; is there a connection pooler in transaction mode?' : '';
  return new ClusterError(
    'ERR_CLUSTER_SILENT',
    `PostgreSQL has not delivered this node's own notifications for ${ms / 1000} s${pooler}`,
  );
}
