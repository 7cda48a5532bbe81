import {
  createClient,
  type ImClient,
  type Message,
  type Sending,
  silentLogger,
  type Transport,
} from '@imcore/client';
import { type OutboxStorage, outboxOn } from '@imcore/client/outbox';
import { type Clock, createFingerprint } from '@imcore/protocol';
import type { MemoryOutbox, SeededRandom, SimulatedLink } from '@imcore/testkit';
import { type Journal, keyOf, type SentMessage } from './journal.js';
import { Life } from './life.js';
import type { DevicePlan } from './plan.js';

export interface DeviceParts {
  readonly plan: DevicePlan;
  readonly transport: Transport;
  readonly link: SimulatedLink;
  /** The client's time. */
  readonly clock: Clock;
  /** The application's time. */
  readonly applicationClock: Clock;
  readonly random: SeededRandom;
  readonly senseMode: 3 | 5;
  readonly journal: Journal;
  readonly originalFingerprint: (fingerprint: string) => string;
  /** Where the device keeps what outlives its program; undefined for one that forgets everything. */
  readonly disk: MemoryOutbox | undefined;
  readonly outbox: OutboxStorage | undefined;
}

/** Longest time that an application takes to log in again after a login came to nothing, in milliseconds. */
export const LOGIN_AGAIN_MS = 1000;

/** How long a program that crashed stays away, at most, in milliseconds. */
const MAX_AWAY_MS = 3000;

/** Everything that a run receives. */
const REMEMBER = 10_000;

/** How long `send` takes at most, over restarts too, in milliseconds. */
const SEND_TIMEOUT_MS = 30_000;

/** How likely an application sends a message again that it was told was not acknowledged. */
const REPEATS = 0.3;

/** A user's device: a real client, and an application that notes everything it sends and sees. */
export class Device {
  readonly plan: DevicePlan;
  client: ImClient;
  readonly link: SimulatedLink;
  readonly #parts: DeviceParts;
  /** Messages that the outbox has said it keeps, and nobody knows more of yet. */
  readonly #accepted = new Set<SentMessage>();
  readonly #pending = new Set<SentMessage>();
  #life: Life;
  #lives = 0;
  #wantsOnline = false;
  #isStubborn = false;

  constructor(parts: DeviceParts) {
    this.plan = parts.plan;
    this.link = parts.link;
    this.#parts = parts;
    this.#life = new Life(parts.clock, parts.transport);
    this.client = this.#start();
  }

  get name(): string {
    return this.plan.name;
  }

  get userId(): string {
    return this.plan.userId;
  }

  /** Whether the application means to be logged in. */
  get wantsOnline(): boolean {
    return this.#wantsOnline;
  }

  get isOnStream(): boolean {
    return this.plan.kind !== 'udp';
  }

  /** Logs in unless that is done or under way, and tries again when it comes to nothing. */
  login(): void {
    this.#wantsOnline = true;
    const life = this.#life;
    if (life.isOver || this.client.state !== 'idle') return;
    this.client.login({ userId: this.userId, token: 'secret' }).catch((error: Error) => {
      if (life.isOver) return;
      this.#parts.journal.note(this.name, `login failed: ${error.message}`);
      this.#loginLater();
    });
  }

  /** {@link login}, and after a kick-out again: one that was decided earlier may still be under way. */
  loginForGood(): void {
    this.#isStubborn = true;
    this.login();
  }

  logout(): void {
    this.#wantsOnline = false;
    this.#isStubborn = false;
    if (!this.#life.isOver) void this.client.logout();
  }

  /** The program dies, and begins anew a while later. Only a device with a disk does that. */
  crash(): void {
    const { disk, journal, applicationClock: clock, random } = this.#parts;
    if (disk === undefined || this.#life.isOver) return;
    journal.note(this.name, 'crashes');
    this.#life.end();
    disk.crash();
    this.#noteWhatMayRepeat(disk);
    for (const sent of this.#pending) {
      if (this.#accepted.has(sent)) continue;
      this.#pending.delete(sent);
      sent.pending -= 1;
      sent.failures.push('crashed');
    }
    clock.schedule(clock.now() + random.between(0, MAX_AWAY_MS), () => {
      journal.note(this.name, 'starts again');
      this.#life = new Life(this.#parts.clock, this.#parts.transport);
      this.client = this.#start();
      if (this.#wantsOnline) this.login();
    });
  }

  /** Sends a message with a fingerprint of its own, or the given one. */
  send(to: string, content: string, options: { qos?: boolean; fingerprint?: string } = {}): void {
    const { journal, random } = this.#parts;
    const { qos = true, fingerprint = createFingerprint(random.next) } = options;
    const known = journal.sent.get(keyOf(this.userId, fingerprint));
    if (this.#life.isOver || (known !== undefined && known.pending > 0)) return;
    const sent = journal.sending({ from: this.userId, by: this.name, to, fingerprint, content, qos });
    journal.note(this.name, `sends ${fingerprint} to ${to}${qos ? '' : ' without QoS'}`);
    this.#pending.add(sent);
    const life = this.#life;
    const sending = this.client.send({ to, content: sent.content, qos, fingerprint });
    if (this.#parts.disk !== undefined && qos) {
      this.#follow(sending, sent, life);
      return;
    }
    sending.then(
      () => life.isOver || this.#settled(sent, undefined),
      (error: Error & { code?: string }) => life.isOver || this.#settled(sent, error.code ?? error.message),
    );
  }

  /** What an outbox keeps is settled by events: its promise may not live to see it. */
  #follow(sending: Sending, sent: SentMessage, life: Life): void {
    sending.accepted.then(
      () => {
        if (!life.isOver && this.#pending.has(sent)) this.#accepted.add(sent);
      },
      () => {},
    );
    sending.catch((error: Error & { code?: string }) => {
      if (life.isOver || error.code !== 'ERR_POSTPONED') return;
      // Kept for the next login, whether or not that was said before.
      this.#accepted.add(sent);
    });
  }

  #start(): ImClient {
    const { plan, random, senseMode, journal, outbox } = this.#parts;
    this.#lives += 1;
    const client = createClient({
      transport: this.#life.transport,
      clock: this.#life.clock,
      random: random.fork(this.#lives === 1 ? 'client' : `client ${this.#lives}`).next,
      senseMode: plan.kind === 'udp' ? 3 : senseMode,
      logger: silentLogger,
      ...(outbox !== undefined && {
        outbox: outboxOn(outbox),
        remember: REMEMBER,
        sendTimeoutMs: SEND_TIMEOUT_MS,
      }),
    });
    const life = this.#life;
    client.on('message', (message) => this.#receive(message));
    client.on('kicked', ({ code }) => {
      journal.note(plan.name, `kicked with ${code}`);
      this.#wantsOnline = this.#isStubborn;
      if (this.#isStubborn) this.#loginLater();
    });
    client.on('state', ({ current, reason }) => journal.note(plan.name, `${current} ${reason ?? ''}`));
    client.on('error', (error) => journal.note(plan.name, `error: ${error.message}`));
    if (outbox === undefined) return client;
    client.on('restored', ({ messages }) => {
      const own = messages.filter(({ fingerprint }) => this.#isPending(fingerprint));
      journal.note(plan.name, `finds ${own.length} messages again`);
    });
    client.on('delivered', ({ fingerprint }) => this.#heard(fingerprint, undefined, life));
    client.on('undelivered', ({ fingerprint, error }) => this.#heard(fingerprint, error.code, life));
    return client;
  }

  #isPending(fingerprint: string): boolean {
    const sent = this.#parts.journal.find(this.userId, fingerprint);
    return sent !== undefined && this.#pending.has(sent);
  }

  #heard(fingerprint: string | undefined, failure: string | undefined, life: Life): void {
    const sent = this.#parts.journal.find(this.userId, fingerprint);
    if (!life.isOver && sent?.qos === true && this.#pending.has(sent)) this.#settled(sent, failure);
  }

  /** What was handed on and not yet remembered when the program died may be handed on again: that is documented. */
  #noteWhatMayRepeat(disk: MemoryOutbox): void {
    const remembered = new Set(disk.entries(`received:${this.userId}`).map(({ key }) => key));
    for (const { to, from, fingerprint } of this.#parts.journal.handed) {
      if (to !== this.name || remembered.has(`${from.length}:${from}${fingerprint}`)) continue;
      this.#parts.journal.mayRepeat.add(`${to} ${keyOf(from, fingerprint)}`);
    }
  }

  #loginLater(): void {
    const { applicationClock: clock, random } = this.#parts;
    clock.schedule(clock.now() + random.between(1, LOGIN_AGAIN_MS), () => {
      if (this.#wantsOnline) this.login();
    });
  }

  #settled(sent: SentMessage, failure: string | undefined): void {
    const { journal, random, applicationClock: clock } = this.#parts;
    sent.pending -= 1;
    this.#pending.delete(sent);
    this.#accepted.delete(sent);
    journal.note(this.name, `${failure ?? 'acknowledged'} ${sent.fingerprint}`);
    if (failure === undefined) sent.acknowledgements += 1;
    else sent.failures.push(failure);
    if (failure !== 'ERR_NOT_ACKNOWLEDGED' || sent.isRepeated || !random.chance(REPEATS)) return;
    clock.schedule(clock.now() + random.between(0, 2000), () => {
      if (this.client.state !== 'idle') this.send(sent.to, sent.content, { fingerprint: sent.fingerprint });
    });
  }

  #receive({ from, content, fingerprint }: Message): void {
    const { journal, originalFingerprint } = this.#parts;
    const original = fingerprint === undefined ? undefined : originalFingerprint(fingerprint);
    journal.hand({ to: this.name, userId: this.userId, from, fingerprint: original, content });
  }
}
