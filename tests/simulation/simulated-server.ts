import {
  type Clock,
  createFingerprint,
  type Scheduled,
  SERVER_ID,
  senseTimes,
  type TransportKind,
} from '@imcore/protocol';
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
import type { Plan } from './plan.js';
import { followPresence } from './presence.js';
import type { Seams } from './seams.js';
import { ServerProcess } from './server-process.js';

/** Messages whose content begins with this are rejected by the server's application. */
export const FORBIDDEN = 'forbidden';

/** Dead letters that the operator resends at a time. */
const MAX_RESENT = 10;

/** How often the store expires old messages, in milliseconds. */
const EXPIRE_EVERY_MS = 2000;
const EXPIRED_AT_ONCE = 500;

export const PORTS: Readonly<Record<TransportKind, number>> = { tcp: 8901, udp: 7901, websocket: 3000 };

interface SimulatedServerParts {
  readonly plan: Pick<Plan, 'streamSenseMode' | 'hookDelayMs' | 'handlingFails' | 'takesUndeliverable'>;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly network: SimulatedNetwork;
  readonly journal: Journal;
  readonly openConnections: OpenConnections;
  readonly store: MessageStore | undefined;
  readonly seams: Seams;
}

/** A server and its application. A crash ends both; a restart makes new ones with the same store. */
export class SimulatedServer {
  readonly #parts: SimulatedServerParts;
  #process: ServerProcess;
  #server: ImServer;
  #starts = 0;
  /** Messages of the application whose outcome is not known yet. */
  #sending = new Set<SentMessage>();

  constructor(parts: SimulatedServerParts) {
    this.#parts = parts;
    [this.#process, this.#server] = this.#create();
  }

  get current(): ImServer {
    return this.#server;
  }

  get isDown(): boolean {
    return this.#process.hasCrashed;
  }

  async listen(): Promise<void> {
    await this.#server.listen();
  }

  /** Ends the server and its application without any shutdown. */
  crash(): void {
    const { journal } = this.#parts;
    journal.note(SERVER, 'crashes');
    journal.crashed();
    this.#process.crash();
    for (const sent of this.#sending) {
      sent.pending -= 1;
      sent.failures.push('crashed');
    }
    this.#sending = new Set();
  }

  /** Starts a new server with the same store. */
  restart(): void {
    this.#parts.journal.note(SERVER, 'starts again');
    [this.#process, this.#server] = this.#create();
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

  /** Resent messages arrive after those that were sent meanwhile. */
  resendDeadLetters(): void {
    if (this.isDown) return;
    const { journal } = this.#parts;
    const { deadLetters } = this.#server;
    const resend = async (): Promise<void> => {
      const resent = await deadLetters.list({ limit: MAX_RESENT });
      for (const { message } of resent) journal.setBack.add(keyOf(message.from, message.fingerprint));
      if (resent.length > 0) journal.note(SERVER, `resent ${await deadLetters.resend(resent)} dead letters`);
    };
    resend().catch((error: Error) => journal.note(SERVER, error.message));
  }

  #create(): [ServerProcess, ImServer] {
    const { plan, network, journal, clock, random, openConnections, store, seams } = this.#parts;
    this.#starts += 1;
    const process = new ServerProcess(clock.ownedBy('server'));
    const processStore = store && process.store(seams.processStore?.(store, process.clock) ?? store);
    const ownStore = processStore && this.#expiringOften(processStore, process.clock);
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
      return process.transport(seams.serverTransport?.(watched) ?? watched);
    });
    const server = createServer({
      transports,
      hooks: this.#hooks(process),
      clock: process.clock,
      random: random.fork(`server ${this.#starts}`).next,
      logger: silentLogger,
      ...(seams.route !== undefined && { routes: [seams.route(process.clock)] }),
      ...(ownStore !== undefined && { store: ownStore }),
    });
    server.on('undelivered', ({ message, reason }) => {
      journal.setBack.add(keyOf(message.from, message.fingerprint));
      journal.note(SERVER, `undelivered ${message.fingerprint}: ${reason}`);
    });
    server.on('replayDelayed', ({ userId }) => journal.overtakes(userId));
    server.on('queueFull', ({ message }) => {
      journal.setBack.add(keyOf(message.from, message.fingerprint));
    });
    server.on('sessionStarted', ({ session: { userId, remoteAddress, remotePort } }) =>
      journal.note(SERVER, `session of ${userId} from ${remoteAddress} ${remotePort} started`),
    );
    server.on('sessionEnded', ({ session: { userId, remoteAddress, remotePort }, reason, kickCode }) =>
      journal.note(SERVER, `session of ${userId} from ${remoteAddress} ${remotePort} ${reason} ${kickCode}`),
    );
    followPresence(server, seams.presence?.(server) ?? server, (text) => journal.breach(text));
    server.on('stored', ({ fingerprint }) => journal.note(SERVER, `stored ${fingerprint}`));
    server.on('error', (error) => {
      const isGivenUp = error instanceof StoreError && error.code === 'ERR_STORE_TIMED_OUT';
      if (isGivenUp && error.message.startsWith('append')) journal.appendGivenUp();
      if (error instanceof HookError || error instanceof StoreError) journal.note(SERVER, error.message);
      else journal.breach(`the server reports: ${error.stack}`);
    });
    return [process, server];
  }

  /** A store that expires messages often, as another process would: the server does so once a minute. */
  #expiringOften(store: MessageStore, clock: Clock): MessageStore {
    const { journal } = this.#parts;
    let timer: Scheduled;
    const expireLater = (): void => {
      timer = clock.schedule(clock.now() + EXPIRE_EVERY_MS, () => {
        expireLater();
        store.expire(clock.wallTime(), EXPIRED_AT_ONCE).then(
          ({ deadLetters }) => {
            for (const { fingerprint } of deadLetters) journal.note(SERVER, `expired ${fingerprint}`);
          },
          (error: Error) => journal.note(SERVER, error.message),
        );
      });
    };
    expireLater();
    return {
      ...store,
      close: () => {
        timer.cancel();
        return store.close();
      },
    };
  }

  #hooks(process: ServerProcess): Hooks {
    const { plan, journal } = this.#parts;
    const random = this.#parts.random.fork(`hooks ${this.#starts}`);
    const hooks: Hooks = {
      authenticate: ({ token }) =>
        this.#later(process, random, () =>
          token === 'secret' ? { accept: true } : { accept: false, code: 1025 },
        ),
      onServerMessage: ({ from, content, fingerprint }) =>
        this.#later(process, random, () => {
          if (random.chance(plan.handlingFails)) throw new Error('simulated failure');
          journal.receive({ to: SERVER, userId: SERVER_ID, from, fingerprint, content });
        }),
      authorizeMessage: ({ content }) => this.#later(process, random, () => !content.startsWith(FORBIDDEN)),
    };
    const { takesUndeliverable } = plan;
    if (takesUndeliverable === undefined) return hooks;
    return {
      ...hooks,
      onUndeliverable: ({ from, fingerprint }) =>
        this.#later(process, random, () => {
          if (takesUndeliverable) journal.takenByHook.add(keyOf(from, fingerprint));
          return takesUndeliverable;
        }),
    };
  }

  /** Answers at once or, where the plan's hooks are slow, up to `hookDelayMs` later. */
  #later<Answer>(
    process: ServerProcess,
    random: SeededRandom,
    answer: () => Answer,
  ): Answer | Promise<Answer> {
    const { clock, plan } = this.#parts;
    const { hookDelayMs } = plan;
    // Promises of a crashed server still settle, but must have no effect.
    const unlessCrashed = (): Answer | Promise<Answer> =>
      process.hasCrashed ? new Promise<Answer>(() => {}) : answer();
    if (hookDelayMs === 0 || random.chance(0.5)) return unlessCrashed();
    const at = clock.now() + random.between(0, hookDelayMs);
    const wait = new Promise<void>((resolve) => clock.ownedBy('hook').schedule(at, resolve));
    return process.unlessCrashed(wait).then(unlessCrashed);
  }
}
