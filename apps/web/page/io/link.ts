import {
  type ClientState,
  createClient,
  type DeliveryError,
  type ImClient,
  LinkError,
  LoginError,
  type Message,
  type StateChange,
} from '@imcore/client';
import { indexedDbOutbox } from '@imcore/client/outbox';
import {
  type ConversationHandle,
  type ConversationSnapshot,
  type ConversationView,
  conversationView,
  type HistoryState,
  type ViewMessage,
} from '@imcore/client/view';
import { type Device, deviceName } from '../model/device.js';
import type { FailureCode, Outcome } from '../model/message.js';
import type { Problem } from '../model/problem.js';
import type { Account } from '../model/workspace.js';

/** The events of a link. */
export interface LinkListener {
  /** The client is online, for the first time or again. */
  /** `isDevice`: the server has agreed that this page is a device of its user. */
  online(isDevice: boolean): void;
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
  /** The list of conversations that the server knows has changed. */
  listed(): void;
  /** The conversation that is being watched has changed. */
  changed(): void;
}

/** How long a login from the form is retried, in milliseconds. */
const SHORT_TIMEOUT_MS = 8_000;
/** How long any other login is retried, in milliseconds: longer than any outage. */
const LONG_TIMEOUT_MS = 24 * 60 * 60 * 1000;
/** How long to wait for the outbox before the login, in milliseconds. */
const STORAGE_WAIT_MS = 15_000;
const MEASURE_EVERY_MS = 2_000;
/** The states of a conversation whose newest page was read. */
const PAGE_READ: ReadonlySet<HistoryState> = new Set(['more', 'complete', 'full']);
/** Maximum number of messages of the open conversation. */
const MAX_SHOWN = 2_000;
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
  readonly #view: ConversationView;
  #watched: { readonly handle: ConversationHandle; readonly close: () => void; hasPage: boolean } | undefined;
  readonly #measuring: ReturnType<typeof setInterval>;
  #isClosed = false;

  constructor(account: Account, timeout: 'short' | 'long', listener: LinkListener) {
    this.#account = account;
    this.#listener = listener;
    this.#client = createClient({
      url: account.server,
      connectTimeoutMs: timeout === 'short' ? SHORT_TIMEOUT_MS : LONG_TIMEOUT_MS,
      retry: RETRY,
      outbox: indexedDbOutbox(`imcore outbox ${account.server}`),
      device: { kind: 'web', name: deviceName(navigator.userAgent) },
    });
    this.#view = conversationView(this.#client, { maxMessages: MAX_SHOWN });
    this.#view.conversations.subscribe(() => listener.listed());
    this.#client.on('state', (change) => this.#reportState(change));
    void this.#receive();
    this.#client.on('restored', ({ messages }) => listener.restored(messages));
    this.#client.on('delivered', ({ fingerprint, messageId, serverTime: at }) => {
      const isStored = messageId !== undefined;
      listener.settled(fingerprint, isStored ? { delivery: 'stored', at } : { delivery: 'received' });
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
    void this.#logIn();
  }

  /** The server's time as far as it is known, in milliseconds since 1970. */
  serverTime(now: number): number {
    return now + (this.#client.quality.clockOffsetMs ?? 0);
  }

  /** Sends a message; `settled` reports its outcome. Has no effect if it is already being sent. */
  send(to: string, content: string, fingerprint: string): void {
    this.#view.conversation(to).send({ content, fingerprint });
  }

  /** The newest messages of the conversations that the server knows; none if it keeps no history. */
  get newest(): readonly ViewMessage[] {
    const { conversations, older } = this.#view.conversations.getSnapshot();
    return older === 'none' ? [] : conversations.map(({ last }) => last);
  }

  /** The conversation that is being watched; undefined while no page of the server's history was read. */
  get watched(): ConversationSnapshot | undefined {
    const watched = this.#watched;
    if (watched === undefined) return undefined;
    const snapshot = watched.handle.getSnapshot();
    watched.hasPage ||= PAGE_READ.has(snapshot.older);
    return watched.hasPage ? snapshot : undefined;
  }

  /** Reads the server's history of one conversation, and reports what changes in it: `changed`. Undefined: of none. */
  watch(peer: string | undefined): void {
    this.#watched?.close();
    this.#watched = undefined;
    if (peer === undefined) return;
    const handle = this.#view.conversation(peer);
    const close = handle.subscribe(() => this.#listener.changed());
    this.#watched = { handle, close, hasPage: false };
    this.#listener.changed();
  }

  loadOlder(): void {
    void this.#watched?.handle.loadOlder();
  }

  /** @throws RequestError */
  devices(): Promise<readonly Device[]> {
    return this.#client.devices();
  }

  /** @throws RequestError */
  async removeDevice(id: string): Promise<void> {
    await this.#client.removeDevice(id);
  }

  retryNow(): void {
    this.#client.retryNow();
  }

  close(): void {
    this.#isClosed = true;
    clearInterval(this.#measuring);
    this.#watched?.close();
    this.#view.close();
    void this.#client.close();
  }

  /**
   * Opens the outbox first: the time in which the login must succeed begins when that is done. A browser with a busy disk may
   * need seconds for it, and the page would say that it cannot connect. One that never opens it gets the client's error.
   */
  async #logIn(): Promise<void> {
    const { userId, token } = this.#account;
    try {
      await Promise.race([this.#client.openOutbox(userId), delay(STORAGE_WAIT_MS)]);
      if (this.#isClosed) return;
      await this.#client.login({ userId, ...(token !== undefined && { token }) });
    } catch (error) {
      const problem = loginProblem(error, this.#account);
      if (problem !== undefined && !this.#isClosed) this.#listener.failed(problem);
    }
  }

  /** A message is acknowledged when it is stored: one that was not when the page is closed stays on the server. */
  async #receive(): Promise<void> {
    for await (const message of this.#client.messages()) await this.#listener.received(message);
  }

  #reportState({ current, retryAt, cause }: StateChange): void {
    const listener = this.#listener;
    switch (current satisfies ClientState) {
      case 'online':
        listener.online(this.#client.level !== 'v6');
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

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
