import {
  type ClientState,
  createClient,
  type DeliveryError,
  type ImClient,
  LinkError,
  LoginError,
  type Message,
  type StateChange,
  UsageError,
} from '@imcore/client';
import { indexedDbOutbox } from '@imcore/client/outbox';
import type { Account } from '../model/desk.js';
import type { FailureCode, Outcome } from '../model/message.js';
import type { Problem } from '../model/problem.js';

/** What a link tells. */
export interface LinkListener {
  /** Online: for the first time, or again. */
  online(): void;
  connecting(): void;
  waiting(retryAt: number, problem: Problem | undefined): void;
  kicked(code: number, reason: string | undefined): void;
  /** The login has come to nothing; nothing happens any more. */
  failed(problem: Problem): void;
  /** The message is acknowledged as soon as this has resolved; the next one comes then. Never rejects. */
  received(message: Message): Promise<void>;
  /** The outbox has found messages that an earlier page, or another tab, has left: they are on their way now. */
  restored(messages: readonly { readonly fingerprint: string; readonly to: string }[]): void;
  /** What became of a message, of an earlier page too. Not told where the login ended before: then it still waits. */
  settled(fingerprint: string, outcome: Outcome): void;
  measured(roundTripMs: number): void;
}

/** How long a login from the form is tried, in milliseconds. */
const BRIEF_MS = 8_000;
/** How long any other login is tried: longer than any outage that somebody sits through. */
const ENDLESS_MS = 24 * 60 * 60 * 1000;
const MEASURE_EVERY_MS = 2_000;
/**
 * Copies of a message until it counts as not delivered: half a minute, longer than it takes to notice that a link is
 * dead (20 s). What a dead link has swallowed then waits for the next one, instead of failing.
 */
const RETRY = { waitMs: 5_000, retries: 5 } as const;

/** One login of one user, from the first try until it is ended from either side. Owns the client. */
export class Link {
  readonly #client: ImClient;
  readonly #account: Account;
  readonly #listener: LinkListener;
  readonly #measuring: ReturnType<typeof setInterval>;

  constructor(account: Account, patience: 'brief' | 'endless', listener: LinkListener) {
    this.#account = account;
    this.#listener = listener;
    this.#client = createClient({
      url: account.server,
      connectTimeoutMs: patience === 'brief' ? BRIEF_MS : ENDLESS_MS,
      retry: RETRY,
      outbox: indexedDbOutbox(`imcore outbox ${account.server}`),
    });
    this.#client.on('state', (change) => this.#tell(change));
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
      // The server's complaints, and an outbox that cannot be used: the history knows what was not sent as well.
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

  /** Sends a message; the listener is told what becomes of it. Without effect for one that is on its way already. */
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

  /**
   * A message is acknowledged when its last reader has taken it. The first reader here brings it in, the second takes
   * it when it is kept: what a page that dies has not kept stays with the server.
   */
  async #receive(): Promise<void> {
    const arriving = this.#client.messages();
    const kept = this.#client.messages();
    for await (const message of arriving) {
      await this.#listener.received(message);
      void kept.next();
    }
  }

  #tell({ current, retryAt, cause }: StateChange): void {
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

/** Undefined where the message still waits: for the next login. */
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
    default:
      return error.code satisfies never;
  }
}

/** Undefined for what other events tell already. */
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
