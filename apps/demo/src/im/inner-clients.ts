import { randomUUID } from 'node:crypto';
import type { ImClient } from '@imcore/client/node';
import { ImClientFactory } from '@imcore/nestjs';
import { Inject, Injectable } from '@nestjs/common';
import { ApiError } from '../rest/api-error.js';
import type { DemoSettings } from '../settings.js';
import { SETTINGS } from '../tokens.js';
import { CallbackLog } from './callback-log.js';
import { logClientEvents } from './log-client-events.js';
import { Outcomes } from './outcomes.js';

/** A message to send. */
interface SendCommand {
  /** The sender; can be undefined if only one user is logged in. */
  readonly from: string | undefined;
  readonly to: string;
  readonly content: string;
  readonly type: number | undefined;
}

export interface SendResult {
  readonly outcome: 'received' | 'stored';
  readonly from: string;
  readonly to: string;
  readonly fingerprint: string;
}

/** The clients inside the program, each with its own TCP connection, as in the tutorial. */
@Injectable()
export class InnerClients {
  readonly #factory: ImClientFactory;
  readonly #outcomes: Outcomes;
  readonly #log: CallbackLog;
  readonly #maxClients: number;
  readonly #clients = new Map<string, ImClient>();
  #pendingLogins = 0;

  constructor(
    @Inject(ImClientFactory) factory: ImClientFactory,
    @Inject(Outcomes) outcomes: Outcomes,
    @Inject(CallbackLog) log: CallbackLog,
    @Inject(SETTINGS) { maxClients }: DemoSettings,
  ) {
    this.#factory = factory;
    this.#outcomes = outcomes;
    this.#log = log;
    this.#maxClients = maxClients;
  }

  /** The users who are logged in here. */
  get userIds(): string[] {
    return [...this.#clients.keys()];
  }

  has(userId: string): boolean {
    return this.#clients.has(userId);
  }

  /** Logs a user in. A user who is already logged in gets a new connection, and the server kicks the old one out. */
  async login(userId: string, password: string | undefined): Promise<{ firstLoginTime: number }> {
    if (this.#clients.size + this.#pendingLogins >= this.#maxClients && !this.has(userId)) {
      throw new ApiError('ERR_TOO_MANY_CLIENTS', `${this.#maxClients} users are already logged in`);
    }
    const client = this.#factory.create({ connectTimeoutMs: 5_000, retry: { waitMs: 2_000, retries: 1 } });
    logClientEvents(client, userId, this.#log);
    this.#pendingLogins += 1;
    try {
      const result = await client.login({ userId, token: password });
      this.#log.client(userId, 'login', { code: 0, ...result });
      this.#add(userId, client);
      return result;
    } catch (error) {
      await client.close();
      throw error;
    } finally {
      this.#pendingLogins -= 1;
    }
  }

  /** Sends a message as a user who is logged in here. Resolves when the receiver has it or the server has stored it. */
  async send({ from, to, content, type }: SendCommand): Promise<SendResult> {
    const client = this.#choose(from);
    const { userId } = client;
    const fingerprint = randomUUID();
    const watch = this.#outcomes.watch(userId, fingerprint);
    try {
      await client.send({ to, content, type, fingerprint });
      return { outcome: watch.finish() ?? 'received', from: userId, to, fingerprint };
    } finally {
      watch.finish();
    }
  }

  async logout(userId: string): Promise<void> {
    await this.#require(userId).close();
  }

  #add(userId: string, client: ImClient): void {
    const former = this.#clients.get(userId);
    this.#clients.set(userId, client);
    void former?.close();
    // Removes the client when it was kicked out, rejected at a new login, or logged out.
    const removeIfEnded = (): void => {
      if (client.state !== 'idle' && client.state !== 'closed') return;
      if (this.#clients.get(userId) === client) this.#clients.delete(userId);
      if (client.state === 'idle') void client.close();
    };
    client.on('state', removeIfEnded);
    removeIfEnded();
  }

  #choose(from: string | undefined): ImClient {
    if (from !== undefined) return this.#require(from);
    const [only, ...others] = this.#clients.values();
    if (only === undefined)
      throw new ApiError('ERR_NOT_LOGGED_IN', 'no user is logged in: call loginConnect first');
    if (others.length > 0) {
      throw new ApiError('ERR_SENDER_AMBIGUOUS', 'several users are logged in: set the sender with "from"', {
        loggedIn: this.userIds,
      });
    }
    return only;
  }

  #require(userId: string): ImClient {
    const client = this.#clients.get(userId);
    if (client !== undefined) return client;
    throw new ApiError(
      'ERR_NOT_LOGGED_IN',
      `${JSON.stringify(userId)} is not logged in here: call loginConnect first`,
    );
  }
}
