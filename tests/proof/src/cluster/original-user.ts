import type { Kind } from '../proof-client.js';
import { RawClient } from '../replay/raw-client.js';
import type { JournalFile, Pair } from './journal.js';
import type { LoadBalancer } from './load-balancer.js';
import { machineTime } from './machine-clock.js';
import type { Member } from './population.js';
import { contentOf, type ProofUser, readContent } from './proof-user.js';

/** An original client checks every 5 s for messages that are older than 3 s, in milliseconds. */
const CHECK_MS = 5000;
const OLD_MS = 3000;
/** How often it retransmits a message before it gives up. */
const RETRIES = 2;
const LOGIN_MS = 3000;
/** Without jitter: after a fault all of them come back at once. */
const RECONNECT_MS: Readonly<Record<Kind, number>> = { tcp: 3000, ws: 3000, udp: 2000 };
/** How long it waits for the answer to a keep-alive of sense mode 3 s. */
const SILENT_MS: Readonly<Record<Kind, number>> = { tcp: 5000, ws: 5000, udp: 10_000 };

interface Waiting {
  readonly to: string;
  readonly content: string;
  readonly pair: Pair;
  readonly number: number;
  readonly sentAt: number;
  writtenAt: number;
  retries: number;
  readonly resolve: () => void;
}

/** An original client, packet by packet, with its reconnects and retransmissions. */
export class OriginalUser implements ProofUser {
  readonly member: Member;
  readonly #balancer: LoadBalancer;
  readonly #journal: JournalFile;
  readonly #waiting = new Map<string, Waiting>();
  /** Fingerprints that it has received. An original client remembers them for ten minutes, here for the whole run. */
  readonly #seen = new Set<string>();
  #client: RawClient | undefined = undefined;
  #isOnline = false;
  #firstLoginTime = 0;
  #preferred: string | undefined = undefined;
  #node = '';

  constructor(member: Member, balancer: LoadBalancer, journal: JournalFile) {
    this.member = member;
    this.#balancer = balancer;
    this.#journal = journal;
  }

  start(): void {
    setInterval(() => this.#retransmit(), CHECK_MS);
    void this.#connect();
  }

  send(to: string, number: number): Promise<void> {
    const pair: Pair = `${this.member.userId}>${to}`;
    const sentAt = machineTime();
    this.#journal.add({ kind: 'sent', at: sentAt, pair, number });
    return new Promise((resolve) => {
      const fingerprint = `${pair} ${number}`;
      const content = contentOf(number, sentAt, this.#node);
      const waiting = { to, content, pair, number, sentAt, writtenAt: sentAt, retries: 0, resolve };
      this.#waiting.set(fingerprint, waiting);
      if (this.#isOnline) this.#client?.send(to, content, fingerprint);
    });
  }

  moveTo(nodeId: string): void {
    this.#preferred = nodeId;
    this.#client?.close();
  }

  async #connect(): Promise<void> {
    const { userId, transport } = this.member;
    try {
      const chosen = this.#balancer.choose(this.#preferred);
      this.#preferred = undefined;
      this.#node = chosen.nodeId;
      const client: RawClient = await RawClient.connect(
        chosen.ports[transport],
        userId,
        ({ from, fp, dataContent }) => this.#received(from ?? '', fp ?? '', dataContent ?? ''),
        (fingerprint) => this.#acknowledged(fingerprint),
        { closed: () => this.#lost(client), kicked: (code) => this.#kicked(code) },
        { kind: transport, silentMs: SILENT_MS[transport] },
      );
      this.#client = client;
      if (this.#firstLoginTime === 0)
        this.#journal.add({ kind: 'fresh', at: machineTime(), userId, node: this.#node });
      const timeout = setTimeout(() => client.close(), LOGIN_MS);
      const firstLoginTime = await client.login(this.#firstLoginTime);
      clearTimeout(timeout);
      if (this.#client === client) this.#loggedIn(firstLoginTime);
    } catch {
      this.#retryLater();
    }
  }

  #loggedIn(firstLoginTime: number): void {
    this.#firstLoginTime = firstLoginTime;
    this.#isOnline = true;
    this.#journal.add({
      kind: 'online',
      at: machineTime(),
      userId: this.member.userId,
      node: this.#node,
    });
  }

  #lost(client: RawClient): void {
    if (client !== this.#client) return;
    this.#client = undefined;
    if (this.#isOnline) {
      this.#isOnline = false;
      this.#journal.add({ kind: 'offline', at: machineTime(), userId: this.member.userId });
    }
    this.#retryLater();
  }

  #retryLater(): void {
    setTimeout(() => void this.#connect(), RECONNECT_MS[this.member.transport]);
  }

  #kicked(code: number): void {
    this.#firstLoginTime = 0;
    this.#journal.add({ kind: 'kicked', at: machineTime(), userId: this.member.userId, code });
  }

  #received(sender: string, fingerprint: string, content: string): void {
    const pair: Pair = `${sender}>${this.member.userId}`;
    const { number, sentAt, from } = readContent(content);
    const at = machineTime();
    if (this.#seen.has(fingerprint)) {
      this.#journal.add({ kind: 'copy', at, pair, number });
      return;
    }
    this.#seen.add(fingerprint);
    this.#journal.add({ kind: 'delivered', at, pair, number, sentAt, from, node: this.#node });
  }

  #acknowledged(fingerprint: string): void {
    const waiting = this.#waiting.get(fingerprint);
    if (waiting === undefined) return;
    this.#waiting.delete(fingerprint);
    const { pair, number, sentAt, retries } = waiting;
    const at = machineTime();
    this.#journal.add({ kind: 'acknowledged', at, pair, number, sentAt, once: retries === 0 });
    waiting.resolve();
  }

  #retransmit(): void {
    const now = machineTime();
    if (!this.#isOnline) return;
    for (const [fingerprint, waiting] of this.#waiting) {
      if (now - waiting.writtenAt < OLD_MS) continue;
      if (waiting.retries === RETRIES) {
        this.#waiting.delete(fingerprint);
        waiting.resolve();
        continue;
      }
      waiting.retries += 1;
      waiting.writtenAt = now;
      const { to, content, pair, number } = waiting;
      this.#journal.add({ kind: 'retransmitted', at: now, pair, number });
      this.#client?.send(to, content, fingerprint);
    }
  }
}
