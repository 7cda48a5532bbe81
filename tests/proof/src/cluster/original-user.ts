import { RawClient } from '../replay/raw-client.js';
import type { Journal, Pair } from './journal.js';
import type { MeetingPlace, ProofUser } from './meeting-place.js';

/** What an original client does, in milliseconds: it looks each 5 s for messages that are older than 3 s. */
const LOOK_MS = 5000;
const OLD_MS = 3000;
/** How often it retransmits a message before it gives up. */
const RETRIES = 2;
const LOGIN_MS = 2000;
const RECONNECT_MS = 1000;

interface Waiting {
  readonly to: string;
  readonly content: string;
  readonly pair: Pair;
  readonly number: number;
  sentAt: number;
  retries: number;
  readonly resolve: () => void;
}

/** An original client over TCP, packet by packet, with its reconnects and retransmissions. */
export class OriginalUser implements ProofUser {
  readonly userId: string;
  readonly kind = 'v6';
  readonly #place: MeetingPlace;
  readonly #journal: Journal;
  readonly #waiting = new Map<string, Waiting>();
  /** Fingerprints that it has received: an original client remembers them for ten minutes. */
  readonly #seen = new Set<string>();
  #client: RawClient | undefined = undefined;
  #state: 'offline' | 'online' | 'closed' = 'offline';
  #firstLoginTime = 0;
  #preferred: string | undefined = undefined;
  #timer: NodeJS.Timeout | undefined = undefined;
  node = '';

  constructor(userId: string, place: MeetingPlace, journal: Journal) {
    this.userId = userId;
    this.#place = place;
    this.#journal = journal;
  }

  get isOnline(): boolean {
    return this.#state === 'online';
  }

  start(): void {
    this.#timer = setInterval(() => this.#retransmit(), LOOK_MS);
    void this.#connect();
  }

  send(to: string, number: number): Promise<void> {
    const pair: Pair = `${this.userId}>${to}`;
    const at = performance.now();
    this.#journal.add({ kind: 'sent', pair, number, at, node: this.node });
    return new Promise((resolve) => {
      const fingerprint = `${pair} ${number}`;
      const content = String(number);
      this.#waiting.set(fingerprint, { to, content, pair, number, sentAt: at, retries: 0, resolve });
      if (this.isOnline) this.#client?.send(to, content, fingerprint);
    });
  }

  moveTo(nodeId: string | undefined): void {
    this.#preferred = nodeId;
    this.#lost(this.#client);
  }

  async close(): Promise<void> {
    this.#state = 'closed';
    clearInterval(this.#timer);
    this.#client?.close();
  }

  async #connect(): Promise<void> {
    if (this.#state === 'closed') return;
    const chosen = this.#place.choose(this.#preferred);
    this.#preferred = undefined;
    this.node = chosen.nodeId;
    try {
      const client = await RawClient.connect(
        chosen.ports.tcp,
        this.userId,
        ({ from, fp, dataContent }) => this.#received(from ?? '', fp ?? '', dataContent ?? ''),
        (fingerprint) => this.#acknowledged(fingerprint),
        { closed: () => this.#lost(client), kicked: (code) => this.#kicked(code) },
      );
      this.#client = client;
      const timeout = setTimeout(() => client.close(), LOGIN_MS);
      this.#firstLoginTime = await client.login(this.#firstLoginTime);
      clearTimeout(timeout);
      if (this.#client === client) this.#state = 'online';
    } catch {
      this.#retryLater();
    }
  }

  #lost(client: RawClient | undefined): void {
    if (client === undefined || client !== this.#client) return;
    this.#client = undefined;
    client.close();
    if (this.#state === 'closed') return;
    this.#state = 'offline';
    this.#retryLater();
  }

  #retryLater(): void {
    setTimeout(() => void this.#connect(), RECONNECT_MS * (0.5 + Math.random()));
  }

  #kicked(code: number): void {
    this.#firstLoginTime = 0;
    this.#journal.add({ kind: 'kicked', userId: this.userId, code });
  }

  #received(from: string, fingerprint: string, content: string): void {
    if (this.#seen.has(fingerprint)) return;
    this.#seen.add(fingerprint);
    const pair: Pair = `${from}>${this.userId}`;
    const at = performance.now();
    this.#journal.add({ kind: 'handed', pair, number: Number(content), at, node: this.node });
  }

  #acknowledged(fingerprint: string): void {
    const waiting = this.#waiting.get(fingerprint);
    if (waiting === undefined) return;
    this.#waiting.delete(fingerprint);
    const { pair, number, retries } = waiting;
    this.#journal.add({ kind: 'acknowledged', pair, number, once: retries === 0 });
    waiting.resolve();
  }

  #retransmit(): void {
    const now = performance.now();
    if (!this.isOnline) return;
    for (const [fingerprint, waiting] of this.#waiting) {
      if (now - waiting.sentAt < OLD_MS) continue;
      if (waiting.retries === RETRIES) {
        this.#waiting.delete(fingerprint);
        waiting.resolve();
        continue;
      }
      waiting.retries += 1;
      waiting.sentAt = now;
      this.#client?.send(waiting.to, waiting.content, fingerprint);
    }
  }
}
