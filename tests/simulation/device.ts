import {
  createClient,
  type ImClient,
  type Message,
  type Sending,
  silentLogger,
  type Transport,
} from '@imcore/client';
import { type OutboxStorage, outboxOn } from '@imcore/client/outbox';
import { type BackoffPolicy, type Clock, createFingerprint } from '@imcore/protocol';
import type { MemoryOutbox, SeededRandom, SimulatedLink } from '@imcore/testkit';
import { ClientProcess } from './client-process.js';
import { type Journal, keyOf, type SentMessage } from './journal.js';
import { type HandlingPlan, MessageHandler } from './message-handler.js';
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
  /** How soon the client comes back. Default: the client's own. */
  readonly backoff?: Partial<BackoffPolicy>;
  readonly journal: Journal;
  /** How the application handles messages. It fails at most once for each. */
  readonly handling: HandlingPlan;
  readonly originalFingerprint: (fingerprint: string) => string;
  /** What survives a crash of the program; `undefined` for a device that forgets everything. */
  readonly disk: MemoryOutbox | undefined;
  readonly outbox: OutboxStorage | undefined;
}

/** Longest time that an application waits to log in again after a failed login, in milliseconds. */
export const LOGIN_AGAIN_MS = 1000;

/** Longest time between a crash of a program and its restart, in milliseconds. */
const MAX_AWAY_MS = 3000;

/** Received messages that a client remembers: more than a run has. */
const REMEMBER = 10_000;

/** How long `send` takes at most, restarts included, in milliseconds. */
const SEND_TIMEOUT_MS = 30_000;

/** Probability that an application sends a message again that was not acknowledged. */
const REPEATS = 0.3;

/** A user's device: a real client, and an application that records everything it sends and receives. */
export class Device {
  readonly plan: DevicePlan;
  client: ImClient;
  readonly link: SimulatedLink;
  readonly #parts: DeviceParts;
  /** Messages that the outbox has accepted and that have not settled. */
  readonly #accepted = new Set<SentMessage>();
  readonly #pending = new Set<SentMessage>();
  #process: ClientProcess;
  #starts = 0;
  #wantsOnline = false;
  #isStubborn = false;

  constructor(parts: DeviceParts) {
    this.plan = parts.plan;
    this.link = parts.link;
    this.#parts = parts;
    this.#process = new ClientProcess(parts.clock, parts.transport);
    this.client = this.#start();
  }

  get name(): string {
    return this.plan.name;
  }

  get userId(): string {
    return this.plan.userId;
  }

  /** Whether the application wants to be logged in. */
  get wantsOnline(): boolean {
    return this.#wantsOnline;
  }

  get isOnStream(): boolean {
    return this.plan.kind !== 'udp';
  }

  /** Logs in unless that is done or in progress, and retries when it fails. */
  login(): void {
    this.#wantsOnline = true;
    const process = this.#process;
    if (process.hasCrashed || this.client.state !== 'idle') return;
    this.client.login({ userId: this.userId, token: 'secret' }).catch((error: Error) => {
      if (process.hasCrashed) return;
      this.#parts.journal.note(this.name, `login failed: ${error.message}`);
      this.#loginLater();
    });
  }

  /** {@link login}, and again after a kick-out: one from before may still be in transit. */
  stayLoggedIn(): void {
    this.#isStubborn = true;
    this.login();
  }

  /** Ends {@link stayLoggedIn}: a kick-out counts again. */
  settle(): void {
    this.#isStubborn = false;
  }

  logout(): void {
    this.#wantsOnline = false;
    this.#isStubborn = false;
    if (!this.#process.hasCrashed) void this.client.logout();
  }

  /** Crashes the program, and starts it again a while later. Only a device with a disk does that. */
  crash(): void {
    const { disk, journal, applicationClock: clock, random } = this.#parts;
    if (disk === undefined || this.#process.hasCrashed) return;
    journal.note(this.name, 'crashes');
    this.#process.crash();
    disk.crash();
    this.#allowRepeats(disk);
    for (const sent of this.#pending) {
      if (this.#accepted.has(sent)) continue;
      this.#pending.delete(sent);
      sent.pending -= 1;
      sent.failures.push('crashed');
    }
    clock.schedule(clock.now() + random.between(0, MAX_AWAY_MS), () => {
      journal.note(this.name, 'starts again');
      this.#process = new ClientProcess(this.#parts.clock, this.#parts.transport);
      this.client = this.#start();
      if (this.#wantsOnline) this.login();
    });
  }

  /** Sends a message with a new fingerprint, or the given one. */
  send(to: string, content: string, options: { qos?: boolean; fingerprint?: string } = {}): void {
    const { journal, random } = this.#parts;
    const { qos = true, fingerprint = createFingerprint(random.next) } = options;
    const known = journal.sent.get(keyOf(this.userId, fingerprint));
    if (this.#process.hasCrashed || (known !== undefined && known.pending > 0)) return;
    const sent = journal.sending({ from: this.userId, by: this.name, to, fingerprint, content, qos });
    journal.note(this.name, `sends ${fingerprint} to ${to}${qos ? '' : ' without QoS'}`);
    this.#pending.add(sent);
    const process = this.#process;
    const sending = this.client.send({ to, content: sent.content, qos, fingerprint });
    if (this.#parts.disk !== undefined && qos) {
      this.#follow(sending, sent, process);
      return;
    }
    sending.then(
      () => process.hasCrashed || this.#settled(sent, undefined),
      (error: Error & { code?: string }) =>
        process.hasCrashed || this.#settled(sent, error.code ?? error.message),
    );
  }

  /** Events settle what an outbox keeps: the promise may be gone after a restart. */
  #follow(sending: Sending, sent: SentMessage, process: ClientProcess): void {
    sending.accepted.then(
      () => {
        if (!process.hasCrashed && this.#pending.has(sent)) this.#accepted.add(sent);
      },
      () => {},
    );
    sending.catch((error: Error & { code?: string }) => {
      if (process.hasCrashed || error.code !== 'ERR_POSTPONED') return;
      // Kept for the next login, whether or not `accepted` has resolved.
      this.#accepted.add(sent);
    });
  }

  #start(): ImClient {
    const { plan, random, senseMode, backoff, journal, outbox, handling, applicationClock } = this.#parts;
    this.#starts += 1;
    const client = createClient({
      transport: this.#process.transport,
      clock: this.#process.clock,
      random: random.fork(this.#starts === 1 ? 'client' : `client ${this.#starts}`).next,
      senseMode: plan.kind === 'udp' ? 3 : senseMode,
      logger: silentLogger,
      ...(backoff !== undefined && { backoff }),
      ...(outbox !== undefined && {
        outbox: outboxOn(outbox),
        remember: REMEMBER,
        sendTimeoutMs: SEND_TIMEOUT_MS,
      }),
    });
    const process = this.#process;
    const luck = random.fork(`handling ${this.#starts}`);
    const handler = new MessageHandler(handling, applicationClock, luck, () => process.hasCrashed);
    client.on('message', (message) => this.#handle(message, handler));
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
    client.on('delivered', ({ fingerprint }) => this.#settleByEvent(fingerprint, undefined, process));
    client.on('undelivered', ({ fingerprint, error }) =>
      this.#settleByEvent(fingerprint, error.code, process),
    );
    return client;
  }

  #isPending(fingerprint: string): boolean {
    const sent = this.#parts.journal.find(this.userId, fingerprint);
    return sent !== undefined && this.#pending.has(sent);
  }

  #settleByEvent(fingerprint: string | undefined, failure: string | undefined, process: ClientProcess): void {
    const sent = this.#parts.journal.find(this.userId, fingerprint);
    if (!process.hasCrashed && sent?.qos === true && this.#pending.has(sent)) this.#settled(sent, failure);
  }

  /** Messages received but not yet remembered at the crash may be received again: this is documented. */
  #allowRepeats(disk: MemoryOutbox): void {
    // Behind the last space of a key there is a hash of the content.
    const remembered = new Set(
      disk.entries(`received:${this.userId}`).map(({ key }) => key.slice(0, key.lastIndexOf(' '))),
    );
    for (const { to, from, fingerprint } of this.#parts.journal.received) {
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

  /** A message counts as received when the application has handled it: its acknowledgement says so. */
  #handle({ from, content, fingerprint }: Message, handler: MessageHandler): Promise<void> {
    const { journal, originalFingerprint } = this.#parts;
    const { name, userId } = this;
    const original = fingerprint === undefined ? undefined : originalFingerprint(fingerprint);
    const key = keyOf(from, original);
    const hasFailed = journal.handlingFailed.has(`${name} ${key}`);
    return handler.handle(
      !hasFailed && journal.sent.get(key)?.qos === true,
      () => journal.receive({ to: name, userId, from, fingerprint: original, content }),
      () => {
        journal.note(name, `fails to handle ${original}`);
        journal.handlingFailed.add(`${name} ${key}`);
        // It comes again, after newer ones.
        journal.setBack.add(key);
      },
    );
  }
}
