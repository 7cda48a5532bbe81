import {
  type ClientState,
  createClient,
  type DeliveryError,
  type ImClient,
  LinkError,
  LoginError,
  type Message,
  type OutboxSource,
  type StateChange,
  UsageError,
} from '@imcore/client';
import { indexedDbOutbox } from '@imcore/client/outbox';
import type { FailureCode, Outcome } from '../model/message.js';
import type { Problem } from '../model/problem.js';
import type { Account } from '../model/workspace.js';

/** The events of a link. */
export interface LinkListener {
  /** The client is online, for the first time or again. */
  online(): void;
  connecting(): void;
  /** The client waits for the next attempt, at `retryAt`, in milliseconds since 1970. */
  waiting(retryAt: number, problem: Problem | undefined): void;
  kicked(code: number, reason: string | undefined): void;
  /** The login has failed. No further events follow. */
  failed(problem: Problem): void;
  /** A message was received. It is acknowledged when the promise resolves, then the next one follows. Never rejects. */
  received(message: Message): Promise<void>;
  /** The durable outbox has restored messages of an earlier page or another tab. They are being sent. */
  restored(messages: readonly { readonly fingerprint: string; readonly to: string }[]): void;
  /** The outcome of a message, also of an earlier page. Not called if the login ends first: then it stays pending. */
  settled(fingerprint: string, outcome: Outcome): void;
  measured(roundTripMs: number): void;
}

/** How long a login from the form is retried, in milliseconds. */
const SHORT_TIMEOUT_MS = 8_000;
/** How long any other login is retried, in milliseconds: longer than any outage. */
const LONG_TIMEOUT_MS = 24 * 60 * 60 * 1000;
const MEASURE_EVERY_MS = 2_000;
/**
 * A message is retransmitted for 30 s, longer than the keep-alive timeout (20 s). So a message that was lost on a dead
 * link waits for the next link instead of failing.
 */
const RETRY = { waitMs: 5_000, retries: 5 } as const;

/** One login of one user, until either side ends it. Owns the client. */
export class Link {
  readonly #client: ImClient;
  readonly #account: Account;
  readonly #listener: LinkListener;
  readonly #measuring: ReturnType<typeof setInterval>;

  constructor(account: Account, timeout: 'short' | 'long', listener: LinkListener) {
    this.#account = account;
    this.#listener = listener;
    this.#client = createClient({
      url: account.server,
      connectTimeoutMs: timeout === 'short' ? SHORT_TIMEOUT_MS : LONG_TIMEOUT_MS,
      retry: RETRY,
      outbox: outboxFor(account.server),
    });
    this.#client.on('state', (change) => this.#reportState(change));
    void this.#receive();
    this.#client.on('restored', ({ messages }) => listener.restored(messages));
    this.#client.on('delivered', ({ fingerprint }) => {
      listener.settled(fingerprint, { delivery: 'received' });
    });
    this.#client.on('undelivered', ({ fingerprint, error }) => {
      const failure = failureOf(error);
      if (fingerprint === undefined || failure === undefined) return;
      listener.settled(fingerprint, { delivery: 'failed', failure });
    });
    this.#client.on('error', () => {
      // Errors of the server and of the outbox. The history also has the unsent messages.
    });
    this.#client.on('kicked', ({ code, reason }) => listener.kicked(code, reason));
    this.#client.on('rejected', ({ code, isFinal }) => {
      if (isFinal) listener.failed({ code: 'rejected', serverCode: code });
    });
    this.#measuring = setInterval(() => {
      const { roundTripMs } = this.#client;
      if (roundTripMs !== undefined) listener.measured(roundTripMs);
    }, MEASURE_EVERY_MS);
    const { userId, token } = account;
    this.#client.login({ userId, ...(token !== undefined && { token }) }).catch((error: unknown) => {
      const problem = loginProblem(error, account);
      if (problem !== undefined) listener.failed(problem);
    });
  }

  /** Sends a message; `settled` reports its outcome. Has no effect if it is already being sent. */
  send(to: string, content: string, fingerprint: string): void {
    this.#client.send({ to, content, fingerprint }).catch((error: unknown) => {
      if (!(error instanceof UsageError) || error.code === 'ERR_FINGERPRINT_IN_USE') return;
      this.#listener.settled(fingerprint, { delivery: 'failed', failure: 'other' });
    });
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  close(): void {
    clearInterval(this.#measuring);
    void this.#client.close();
  }

  /** A message is acknowledged when it is stored: one that was not when the page is closed stays on the server. */
  async #receive(): Promise<void> {
    for await (const message of this.#client.messages()) await this.#listener.received(message);
  }

  #reportState({ current, retryAt, cause }: StateChange): void {
    const listener = this.#listener;
    switch (current satisfies ClientState) {
      case 'online':
        listener.online();
        break;
      case 'connecting':
        listener.connecting();
        break;
      case 'waiting':
        listener.waiting(retryAt ?? 0, cause && linkProblem(cause, this.#account));
        break;
      default:
    }
  }
}

/** The outbox without a log of the user: the page stays at level `'v6'`, one session for each user. */
function outboxFor(server: string): OutboxSource {
  const source = indexedDbOutbox(`imcore outbox ${server}`);
  return (handler) => source(handler);
}

/** Returns undefined if the message stays pending until the next login. */
function failureOf(error: DeliveryError): FailureCode | undefined {
  switch (error.code) {
    case 'ERR_CLOSED':
    case 'ERR_ABORTED':
    case 'ERR_POSTPONED':
      return undefined;
    case 'ERR_NOT_ACKNOWLEDGED':
      return 'not-acknowledged';
    case 'ERR_NOT_SENT':
    case 'ERR_OFFLINE':
      return 'not-sent';
    case 'ERR_TOO_LARGE':
      return 'too-large';
    case 'ERR_QUEUE_FULL':
      return 'queue-full';
    case 'ERR_REJECTED':
      return 'rejected';
    default:
      return error.code satisfies never;
  }
}

/** Returns undefined if another event reports the problem. */
function loginProblem(error: unknown, account: Account): Problem | undefined {
  if (!(error instanceof LoginError)) return { code: 'other', text: textOf(error) };
  switch (error.code) {
    case 'ERR_LOGIN_REJECTED':
    case 'ERR_LOGIN_ABORTED':
    case 'ERR_KICKED':
      return undefined;
    case 'ERR_CANNOT_CONNECT':
    case 'ERR_TOKEN_UNAVAILABLE':
      return linkProblem(error.cause, account);
    default:
      return error.code satisfies never;
  }
}

function linkProblem(error: unknown, { server }: Account): Problem {
  if (error instanceof LoginError && error.serverCode !== undefined)
    return { code: 'rejected', serverCode: error.serverCode };
  const isUnanswered = error instanceof LinkError && error.code === 'ERR_LOGIN_UNANSWERED';
  return { code: isUnanswered ? 'no-answer' : 'unreachable', server };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
