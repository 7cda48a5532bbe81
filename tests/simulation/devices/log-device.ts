import { createClient, type ImClient, type Message, silentLogger, type Transport } from '@imcore/client';
import { type OutboxStorage, outboxOn } from '@imcore/client/outbox';
import { type Clock, createFingerprint, type Instant, type TransportKind } from '@imcore/protocol';
import type { MemoryOutbox, SeededRandom, SimulatedLink } from '@imcore/testkit';
import { ClientProcess } from '../client-process.js';
import { LOGIN_AGAIN_MS } from '../device.js';
import { type Journal, keyOf, type SentMessage } from '../journal.js';
import { type HandlingPlan, MessageHandler } from '../message-handler.js';
import { Diary, type SavedPosition } from './diary.js';

interface LogDeviceParts {
  readonly name: string;
  readonly userId: string;
  readonly link: SimulatedLink;
  /** Creates the transport of a program. */
  readonly transport: (kind: TransportKind) => Transport;
  readonly clock: Clock;
  readonly applicationClock: Clock;
  readonly random: SeededRandom;
  readonly streamSenseMode: 3 | 5;
  readonly journal: Journal;
  readonly handling: HandlingPlan;
  /** What survives a crash of the program. */
  readonly disk: MemoryOutbox;
  readonly outbox: OutboxStorage;
  /** Called for each gap that the application was told of in the log that it knows. */
  readonly onGap: (device: LogDevice, from: number, to: number, reason: string) => void;
}

/** Longest time between a crash of a program and its restart, in milliseconds. */
const MAX_AWAY_MS = 3000;

/** How long `send` takes at most, restarts included, in milliseconds. */
const SEND_TIMEOUT_MS = 30_000;

/** The longest backoff, in milliseconds: short, so that runs are short. */
export const MAX_BACKOFF_MS = 2000;

/** A device at level 1: a real client with storage, which changes its transport, and an application that keeps a diary. */
export class LogDevice {
  readonly name: string;
  readonly userId: string;
  readonly diary: Diary;
  readonly #parts: LogDeviceParts;
  readonly #pending = new Map<string, SentMessage>();
  /** Messages that the outbox has accepted and that have not settled. */
  readonly #accepted = new Set<SentMessage>();
  #kind: TransportKind;
  #process: ClientProcess;
  #client: ImClient;
  #starts = 0;
  #wantsOnline = false;
  #firstAnsweredAt: Instant | undefined = undefined;
  #isChanging = false;

  constructor(parts: LogDeviceParts, kind: TransportKind) {
    this.name = parts.name;
    this.userId = parts.userId;
    this.#parts = parts;
    this.#kind = kind;
    this.diary = new Diary(parts.name, (text) => parts.journal.breach(text));
    [this.#process, this.#client] = this.#start();
  }

  get client(): ImClient {
    return this.#client;
  }

  get kind(): TransportKind {
    return this.#kind;
  }

  get link(): SimulatedLink {
    return this.#parts.link;
  }

  get wantsOnline(): boolean {
    return this.#wantsOnline;
  }

  /** Whether the application waits for an outcome of a message. */
  get isSending(): boolean {
    return this.#pending.size > 0;
  }

  /** When the server has answered its first login: from then on it is known to the server. */
  get firstAnsweredAt(): Instant | undefined {
    return this.#firstAnsweredAt;
  }

  /** The server has answered a login: where the log continues, and whether something before is missing. */
  answered(start: SavedPosition, hasHole: boolean): void {
    this.#firstAnsweredAt ??= this.#parts.clock.now();
    this.diary.answered(start, hasHole);
  }

  login(): void {
    this.#wantsOnline = true;
    const process = this.#process;
    if (process.hasCrashed || this.#isChanging || this.#client.state !== 'idle') return;
    this.#client.login({ userId: this.userId, token: 'secret' }).catch((error: Error) => {
      if (process.hasCrashed || process !== this.#process) return;
      this.#parts.journal.note(this.name, `login failed: ${error.message}`);
      this.#loginLater();
    });
  }

  logout(): void {
    this.#wantsOnline = false;
    if (!this.#process.hasCrashed && !this.#isChanging) void this.#client.logout();
  }

  /** Ends the client, and starts another one on another transport with the same storage. */
  changeTransport(kind: TransportKind): void {
    if (this.#process.hasCrashed || this.#isChanging) return;
    this.#parts.journal.note(this.name, `changes to ${kind}`);
    this.#isChanging = true;
    const process = this.#process;
    void this.#client.close().then(() => {
      if (process.hasCrashed) return;
      this.#isChanging = false;
      this.#kind = kind;
      this.#startAgain();
    });
  }

  /** Crashes the program, and starts it again a while later, maybe on another transport. */
  crash(kind: TransportKind): void {
    const { disk, journal, applicationClock: clock, random } = this.#parts;
    if (this.#process.hasCrashed) return;
    journal.note(this.name, 'crashes');
    this.#process.crash();
    disk.crash();
    this.#isChanging = false;
    for (const sent of this.#pending.values()) if (!this.#accepted.has(sent)) this.#settled(sent, 'crashed');
    clock.schedule(clock.now() + random.between(0, MAX_AWAY_MS), () => {
      journal.note(this.name, `starts again on ${kind}`);
      this.#kind = kind;
      this.#startAgain();
    });
  }

  send(to: string, content: string): void {
    const { journal, random } = this.#parts;
    if (this.#process.hasCrashed || this.#isChanging) return;
    const fingerprint = createFingerprint(random.next);
    const sent = journal.sending({ from: this.userId, by: this.name, to, fingerprint, content, qos: true });
    journal.note(this.name, `sends ${fingerprint} to ${to}`);
    this.#pending.set(fingerprint, sent);
    const process = this.#process;
    const sending = this.#client.send({ to, content, fingerprint });
    sending.accepted.then(
      () => process.hasCrashed || this.#accepted.add(sent),
      () => {},
    );
    sending.catch((error: Error & { code?: string }) => {
      if (process.hasCrashed) return;
      // The outbox keeps it for the next login.
      if (error.code === 'ERR_POSTPONED') this.#accepted.add(sent);
      else this.#settled(sent, error.code ?? error.message);
    });
  }

  #startAgain(): void {
    this.diary.restarted(this.#saved());
    [this.#process, this.#client] = this.#start();
    if (this.#wantsOnline) this.login();
  }

  #start(): [ClientProcess, ImClient] {
    const { name, random, streamSenseMode, journal, outbox, handling, applicationClock } = this.#parts;
    this.#starts += 1;
    const process = new ClientProcess(this.#parts.clock, this.#parts.transport(this.#kind));
    const client = createClient({
      transport: process.transport,
      clock: process.clock,
      random: random.fork(`client ${this.#starts}`).next,
      senseMode: this.#kind === 'udp' ? 3 : streamSenseMode,
      logger: silentLogger,
      backoff: { maxMs: MAX_BACKOFF_MS },
      outbox: outboxOn(outbox),
      device: { kind: 'desktop', name },
      sendTimeoutMs: SEND_TIMEOUT_MS,
    });
    const luck = random.fork(`handling ${this.#starts}`);
    const handler = new MessageHandler(handling, applicationClock, luck, () => process.hasCrashed);
    client.on('message', (message) => this.#handle(message, handler, process));
    client.on('gap', ({ from, to, reason }) => {
      journal.note(name, `is told that ${from} to ${to} will not come: ${reason}`);
      if (!this.diary.gap(from, to, reason)) this.#parts.onGap(this, from, to, reason);
    });
    client.on('kicked', ({ code }) => journal.breach(`${name} was kicked out with ${code}`));
    client.on('state', ({ current, reason }) => journal.note(name, `${current} ${reason ?? ''}`));
    client.on('level', ({ level }) => journal.note(name, `level ${level}`));
    client.on('error', (error) => journal.note(name, `error: ${error.message}`));
    client.on('delivered', ({ fingerprint, position }) => {
      if (process.hasCrashed) return;
      if (position !== undefined) this.diary.stored(position, keyOf(this.userId, fingerprint));
      const sent = this.#pending.get(fingerprint);
      if (sent !== undefined) this.#settled(sent, undefined);
    });
    client.on('undelivered', ({ fingerprint, error }) => {
      const sent = this.#pending.get(fingerprint ?? '');
      if (!process.hasCrashed && sent !== undefined) this.#settled(sent, error.code);
    });
    return [process, client];
  }

  #saved(): SavedPosition | undefined {
    const entries = this.#parts.disk.entries(`device:${this.userId}`);
    const text = entries.find(({ key }) => key === 'position')?.value;
    if (text === undefined) return undefined;
    const [position = '', epoch = ''] = text.split(' ');
    return { epoch, position: Number(position) };
  }

  #loginLater(): void {
    const { applicationClock: clock, random } = this.#parts;
    clock.schedule(clock.now() + random.between(1, LOGIN_AGAIN_MS), () => {
      if (this.#wantsOnline) this.login();
    });
  }

  #settled(sent: SentMessage, failure: string | undefined): void {
    // A failure is told by an event and by the promise.
    if (!this.#pending.delete(sent.fingerprint)) return;
    this.#accepted.delete(sent);
    this.#parts.journal.note(this.name, `${failure ?? 'acknowledged'} ${sent.fingerprint}`);
    sent.pending -= 1;
    if (failure === undefined) sent.acknowledgements += 1;
    else sent.failures.push(failure);
  }

  /** A message counts as handled when the application has done its work: the position says so. */
  #handle(message: Message, handler: MessageHandler, process: ClientProcess): Promise<void> {
    const { journal } = this.#parts;
    const { from, to, content, fingerprint, position } = message;
    const { diary, name } = this;
    const key = keyOf(from, fingerprint);
    const sent = journal.sent.get(key);
    if (sent === undefined || sent.to !== to || sent.content !== content)
      journal.breach(`${name} received ${fingerprint} from ${from}, which was not sent like that`);
    if (position === undefined) {
      journal.breach(`${name} received ${fingerprint} from ${from} without a position`);
      return Promise.resolve();
    }
    journal.note(name, `is handed ${position}: ${fingerprint} from ${from}`);
    diary.emitted(position);
    const { epoch } = diary;
    const hasFailed = journal.handlingFailed.has(`${name} ${key}`);
    return handler.handle(
      !hasFailed,
      () => {
        journal.note(name, `has handled ${position}`);
        diary.handled(epoch, position, key);
      },
      () => {
        journal.note(name, `fails to handle ${position}`);
        journal.handlingFailed.add(`${name} ${key}`);
        if (this.#process === process && diary.epoch === epoch) diary.handlingFailed(position);
      },
    );
  }
}
