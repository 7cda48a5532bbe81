import {
  type ClientState,
  createClient,
  DeliveryError,
  type ImClient,
  LinkError,
  LoginError,
  type Message,
  type StateChange,
} from '@imcore/client';
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
  received(message: Message): void;
  measured(roundTripMs: number): void;
}

/** How long a login from the form is tried, in milliseconds. */
const BRIEF_MS = 8_000;
/** How long anything else may take: longer than any outage that somebody sits through. */
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
  readonly #measuring: ReturnType<typeof setInterval>;

  constructor(account: Account, patience: 'brief' | 'endless', listener: LinkListener) {
    this.#account = account;
    this.#client = createClient({
      url: account.server,
      connectTimeoutMs: patience === 'brief' ? BRIEF_MS : ENDLESS_MS,
      sendTimeoutMs: ENDLESS_MS,
      retry: RETRY,
    });
    this.#client.on('state', (change) => this.#tell(change, listener));
    this.#client.on('message', (message) => listener.received(message));
    this.#client.on('kicked', ({ code, reason }) => listener.kicked(code, reason));
    this.#client.on('refused', ({ code, isFinal }) => {
      if (isFinal) listener.failed({ code: 'refused', serverCode: code });
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

  /** Resolves with what became of a message; with undefined when the login ended before that was known. */
  async send(to: string, content: string, fingerprint: string): Promise<Outcome | undefined> {
    try {
      await this.#client.send({ to, content, fingerprint });
      return { delivery: 'received' };
    } catch (error) {
      const failure = failureOf(error);
      return failure && { delivery: 'failed', failure };
    }
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  close(): void {
    clearInterval(this.#measuring);
    void this.#client.close();
  }

  #tell({ current, retryAt, cause }: StateChange, listener: LinkListener): void {
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

function failureOf(error: unknown): FailureCode | undefined {
  if (!(error instanceof DeliveryError)) return 'other';
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
    case 'ERR_LOGIN_REFUSED':
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
  const isUnanswered = error instanceof LinkError && error.code === 'ERR_LOGIN_UNANSWERED';
  return { code: isUnanswered ? 'no-answer' : 'unreachable', server };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
