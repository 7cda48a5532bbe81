import { createFingerprint, SERVER_ID, senseTimes, type TransportKind } from '@imcore/protocol';
import { createServer, HookError, type Hooks, type ImServer, StoreError, silentLogger } from '@imcore/server';
import type { MessageStore } from '@imcore/server/ports';
import {
  memoryServerTransport,
  type SeededRandom,
  type SimulatedNetwork,
  type VirtualClock,
} from '@imcore/testkit';
import type { OpenConnections } from './instruments.js';
import { type Journal, keyOf, SERVER, type SentMessage } from './journal.js';
import { Mortal } from './mortal.js';
import type { Plan } from './plan.js';
import type { Seams } from './seams.js';

/** Content that the server's application lets nobody send. */
export const FORBIDDEN = 'forbidden';

/** Dead letters that the operator resends at once. */
const MAX_RESENT = 10;

/** How often the store is asked for what has expired, in milliseconds. */
const EXPIRE_EVERY_MS = 2000;

export const PORTS: Readonly<Record<TransportKind, number>> = { tcp: 8901, udp: 7901, websocket: 3000 };

interface SimulatedServerParts {
  readonly plan: Plan;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly journal: Journal;
  readonly openConnections: OpenConnections;
  readonly store: MessageStore | undefined;
  readonly seams: Seams;
}

/** A server and its application, one life after the other: a crash ends both, and the next ones find the same store. */
export class SimulatedServer {
  readonly #parts: SimulatedServerParts;
  #mortal: Mortal;
  #server: ImServer;
  #lives = 0;
  /** What the application sent and has not heard of. */
  #sending = new Set<SentMessage>();

  constructor(parts: SimulatedServerParts) {
    this.#parts = parts;
    [this.#mortal, this.#server] = this.#create();
  }

  get current(): ImServer {
    return this.#server;
  }

  get isDown(): boolean {
    return this.#mortal.isDead;
  }

  async listen(): Promise<void> {
    await this.#server.listen();
  }

  /** Ends server and application without a word. */
  crash(): void {
    const { journal } = this.#parts;
    journal.note(SERVER, 'crashes');
    journal.crashed();
    this.#mortal.kill();
    for (const sent of this.#sending) {
      sent.pending -= 1;
      sent.failures.push('crashed');
    }
    this.#sending = new Set();
  }

  /** The next life. */
  restart(): void {
    this.#parts.journal.note(SERVER, 'starts again');
    [this.#mortal, this.#server] = this.#create();
    void this.#server.listen();
  }

  /** The application sends a message to a user. */
  send(to: string, content: string): void {
    if (this.isDown) return;
    const { journal, random } = this.#parts;
    const fingerprint = createFingerprint(random.next);
    const sent = journal.sending({ from: SERVER_ID, by: SERVER, to, fingerprint, content, qos: true });
    const sending = this.#sending.add(sent);
    journal.note(SERVER, `sends ${fingerprint} to ${to}`);
    const settled = (): boolean => sending.delete(sent);
    this.#server.send(to, content, { fingerprint }).then(
      (outcome) => {
        if (this.#sending !== sending || !settled()) return;
        sent.pending -= 1;
        sent.acknowledgements += 1;
        journal.note(SERVER, `${outcome} ${fingerprint}`);
      },
      (error: Error & { code?: string }) => {
        if (this.#sending !== sending || !settled()) return;
        sent.pending -= 1;
        sent.failures.push(error.code ?? error.message);
        journal.note(SERVER, `${error.code} ${fingerprint}`);
      },
    );
  }

  /** What is resent comes behind what was sent meanwhile. */
  resendDeadLetters(): void {
    if (this.isDown) return;
    const { journal } = this.#parts;
    const { deadLetters } = this.#server;
    const resend = async (): Promise<void> => {
      const letters = await deadLetters.list({ limit: MAX_RESENT });
      for (const { message } of letters) journal.setBack.add(keyOf(message.from, message.fingerprint));
      if (letters.length > 0)
        journal.note(SERVER, `resent ${await deadLetters.resend(letters)} dead letters`);
    };
    resend().catch((error: Error) => journal.note(SERVER, error.message));
  }

  #create(): [Mortal, ImServer] {
    const { plan, network, journal, clock, random, openConnections, store, seams } = this.#parts;
    this.#lives += 1;
    const mortal = new Mortal(clock.ownedBy('server'));
    const ownStore = store && mortal.store(seams.processStore?.(store, mortal.clock) ?? store);
    const transports = (['tcp', 'udp', 'websocket'] as const).map((kind) => {
      const sense = kind === 'udp' ? 3 : plan.streamSenseMode;
      const readTimeoutMs = senseTimes(sense, kind).serverReadTimeoutMs;
      const transport = memoryServerTransport({
        network,
        transport: kind,
        port: PORTS[kind],
        readTimeoutMs,
      });
      const watched = openConnections.watch(transport);
      return mortal.transport(seams.serverTransport?.(watched) ?? watched);
    });
    const server = createServer({
      transports,
      hooks: this.#hooks(mortal),
      clock: mortal.clock,
      random: random.fork(`server ${this.#lives}`).next,
      logger: silentLogger,
      expireEveryMs: EXPIRE_EVERY_MS,
      ...(ownStore !== undefined && { store: ownStore }),
    });
    server.on('undelivered', ({ message, reason }) => {
      journal.setBack.add(keyOf(message.from, message.fingerprint));
      journal.note(SERVER, `undelivered ${message.fingerprint}: ${reason}`);
    });
    server.on('queueFull', ({ message }) => {
      journal.setBack.add(keyOf(message.from, message.fingerprint));
    });
    server.on('online', ({ userId, remoteAddress, remotePort }) =>
      journal.note(SERVER, `online ${userId} ${remoteAddress} ${remotePort}`),
    );
    server.on('offline', ({ userId, remoteAddress, remotePort, kickCode }) =>
      journal.note(SERVER, `offline ${userId} ${remoteAddress} ${remotePort} ${kickCode}`),
    );
    server.on('expired', ({ message }) => journal.note(SERVER, `expired ${message.fingerprint}`));
    server.on('stored', ({ fingerprint }) => journal.note(SERVER, `stored ${fingerprint}`));
    server.on('error', (error) => {
      if (error instanceof HookError || error instanceof StoreError) journal.note(SERVER, error.message);
      else journal.breach(`the server reports: ${error.stack}`);
    });
    return [mortal, server];
  }

  #hooks(mortal: Mortal): Hooks {
    const { plan, journal } = this.#parts;
    const random = this.#parts.random.fork(`hooks ${this.#lives}`);
    const hooks: Hooks = {
      authenticate: ({ token }) =>
        this.#later(mortal, random, () =>
          token === 'secret' ? { accept: true } : { accept: false, code: 1025 },
        ),
      onServerMessage: ({ from, content, fingerprint }) =>
        this.#later(mortal, random, () => {
          if (random.chance(plan.handlingFails)) throw new Error('simulated failure');
          journal.hand({ to: SERVER, userId: SERVER_ID, from, fingerprint, content });
        }),
      authorizeMessage: ({ content }) => this.#later(mortal, random, () => !content.startsWith(FORBIDDEN)),
    };
    const { takesUndeliverable } = plan;
    if (takesUndeliverable === undefined) return hooks;
    return {
      ...hooks,
      onUndeliverable: ({ from, fingerprint }) =>
        this.#later(mortal, random, () => {
          if (takesUndeliverable) journal.takenByHook.add(keyOf(from, fingerprint));
          return takesUndeliverable;
        }),
    };
  }

  /** Answers at once, or where the plan's hooks take their time, at a random instant later. */
  #later<Answer>(mortal: Mortal, random: SeededRandom, answer: () => Answer): Answer | Promise<Answer> {
    const { clock, plan } = this.#parts;
    const { hookDelayMs } = plan;
    // What a server began before it died goes on in its promises.
    const ifAlive = (): Answer | Promise<Answer> =>
      mortal.isDead ? new Promise<Answer>(() => {}) : answer();
    if (hookDelayMs === 0 || random.chance(0.5)) return ifAlive();
    const at = clock.now() + random.between(0, hookDelayMs);
    const wait = new Promise<void>((resolve) => clock.ownedBy('hook').schedule(at, resolve));
    return mortal.lives(wait).then(ifAlive);
  }
}
