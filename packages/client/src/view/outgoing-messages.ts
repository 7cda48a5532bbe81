import type { ClientEvents } from '../events.js';
import type { OutboxMessage, Receipt, Sending } from '../message.js';
import type { MessageChange } from './message-window.js';
import { codeOf, failureOf, messageToSend } from './messages.js';
import type { ViewMessage } from './snapshots.js';
import type { Summaries } from './summaries.js';
import type { Threads } from './threads.js';
import type { ViewClient, ViewSendRequest } from './view-types.js';

/** What {@link OutgoingMessages} need of their view. */
interface OutgoingHost {
  readonly client: Pick<ViewClient, 'send' | 'userId'>;
  readonly threads: Threads;
  readonly summaries: Summaries;
  nextKey(): string;
  /** The server's time as far as it is known, in milliseconds since 1970. */
  now(): number;
  /** The list of conversations has changed. */
  listChanged(): void;
}

/** Failures that sending again cannot mend. */
const FINAL: ReadonlySet<string> = new Set(['ERR_TOO_LARGE', 'ERR_INVALID_ARGUMENT']);

/** The own messages of this device: shows them at once, and what becomes of them. */
export class OutgoingMessages {
  readonly #host: OutgoingHost;
  /** Those that are being sent, by fingerprint. At most as many as the client has pending. */
  readonly #sending = new Map<string, ViewMessage>();

  constructor(host: OutgoingHost) {
    this.#host = host;
  }

  /** Whether messages of a conversation are being sent. */
  isSending(conversation: string): boolean {
    for (const message of this.#sending.values()) if (message.conversation === conversation) return true;
    return false;
  }

  send(to: string, { content, type = -1, fingerprint }: ViewSendRequest): string {
    const known = fingerprint === undefined ? undefined : this.#known(to, fingerprint);
    if (known !== undefined) {
      this.retry(to, known.key);
      return known.key;
    }
    const queuedAt = this.#host.now();
    const sending = this.#host.client.send({ to, content, type, fingerprint });
    const message = this.#show({ fingerprint: sending.fingerprint, to, content, type, queuedAt });
    this.#follow(message, sending);
    return message.key;
  }

  /** The client has messages of an earlier run, which it sends. */
  restored(messages: readonly OutboxMessage[]): void {
    for (const message of messages) if (!this.#sending.has(message.fingerprint)) this.#show(message);
  }

  retry(conversation: string, key: string): void {
    const { threads, client } = this.#host;
    const message = threads.find(conversation)?.window.find(key);
    if (message?.delivery !== 'failed' || FINAL.has(message.failure?.code ?? '')) return;
    const { to, content, type, fingerprint } = message;
    const again = this.#change(message, { delivery: 'sending', failure: undefined, time: this.#host.now() });
    if (fingerprint !== undefined) this.#sending.set(fingerprint, again);
    this.#follow(again, client.send({ to, content, type, fingerprint }));
  }

  discard(conversation: string, key: string): void {
    const { threads, summaries, listChanged } = this.#host;
    const thread = threads.find(conversation);
    const message = thread?.window.find(key);
    if (thread === undefined || message?.delivery !== 'failed') return;
    thread.window.remove(key);
    summaries.replace(message, thread.window.lastMessage);
    thread.changed();
    listChanged();
  }

  /** The client's event `delivered`: the message may be of an earlier run. */
  delivered({ fingerprint, messageId, serverTime }: ClientEvents['delivered']): void {
    const message = this.#sending.get(fingerprint);
    if (message !== undefined) this.#settle(message, { messageId, serverTime });
  }

  /** The client's event `undelivered`. */
  undelivered({ fingerprint, error }: ClientEvents['undelivered']): void {
    const message = fingerprint === undefined ? undefined : this.#sending.get(fingerprint);
    if (message !== undefined) this.#fail(message, error);
  }

  /** The log has brought an own message: it is stored. */
  arrived(fingerprint: string): void {
    this.#sending.delete(fingerprint);
  }

  /** Another user has logged in. */
  reset(): void {
    this.#sending.clear();
  }

  /** The message that is being sent or has failed with a fingerprint. */
  #known(to: string, fingerprint: string): ViewMessage | undefined {
    const sending = this.#sending.get(fingerprint);
    return sending ?? this.#host.threads.find(to)?.window.findFailed(fingerprint);
  }

  #show(
    message: Omit<OutboxMessage, 'fingerprint'> & { readonly fingerprint: string | undefined },
  ): ViewMessage {
    const { client, threads, summaries, nextKey, listChanged } = this.#host;
    const shown = messageToSend(message, client.userId, nextKey());
    if (shown.fingerprint !== undefined) this.#sending.set(shown.fingerprint, shown);
    threads.create(shown.conversation).put(shown);
    summaries.add(shown, undefined);
    listChanged();
    return shown;
  }

  /** The promise reports what events do not: errors of the caller, and what fails before it returns. */
  #follow(message: ViewMessage, sending: Sending): void {
    sending.then(
      (receipt) => this.#settle(message, receipt),
      (error: unknown) => this.#fail(message, error),
    );
    // The message shows its failure.
    sending.accepted.catch(() => {});
  }

  #settle(message: ViewMessage, { messageId, serverTime }: Pick<Receipt, 'messageId' | 'serverTime'>): void {
    this.#change(message, {
      delivery: messageId === undefined ? 'received' : 'stored',
      ...(messageId !== undefined && { id: messageId }),
      ...(serverTime !== undefined && { time: serverTime, hasServerTime: true }),
    });
  }

  #fail(message: ViewMessage, error: unknown): void {
    // The outbox keeps it for the next login, which reports its outcome.
    if (codeOf(error) === 'ERR_POSTPONED') return;
    this.#change(message, { delivery: 'failed', failure: failureOf(error) });
  }

  /** Changes a message that is not settled otherwise. Returns it. */
  #change(message: ViewMessage, change: MessageChange): ViewMessage {
    const { threads, summaries, listChanged } = this.#host;
    const { conversation, key, fingerprint } = message;
    if (fingerprint !== undefined) this.#sending.delete(fingerprint);
    const changed = { ...message, ...change };
    const thread = threads.find(conversation);
    const shown = thread?.window.find(key);
    if (shown !== undefined && shown.delivery !== message.delivery) return changed;
    thread?.window.change(key, change);
    summaries.change(message, change);
    thread?.changed();
    listChanged();
    return changed;
  }
}
