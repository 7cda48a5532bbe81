import {
  Authenticate,
  AuthorizeMessage,
  ImListener,
  OnImEvent,
  OnServerMessage,
  OnStored,
  OnUndeliverable,
} from '@imcore/nestjs';
import type { LoginAttempt, LoginVerdict, Message, Sender, ServerEvents } from '@imcore/server';
import { Inject } from '@nestjs/common';
import { USER_CHECK } from '../tokens.js';
import type { UserCheck } from '../users/user-check.js';
import { CallbackLog } from './callback-log.js';

/** Code for a wrong password: the first code that applications can define. */
const WRONG_PASSWORD = 1025;

/** The server's callbacks: checks logins, and logs every callback. */
@ImListener()
export class ChatListener {
  readonly #log: CallbackLog;
  readonly #users: UserCheck;

  constructor(@Inject(CallbackLog) log: CallbackLog, @Inject(USER_CHECK) users: UserCheck) {
    this.#log = log;
    this.#users = users;
  }

  @Authenticate()
  checkLogin({ userId, token, transport, remoteAddress }: LoginAttempt): LoginVerdict {
    const isValid = this.#users.accepts(userId, token);
    const verdict: LoginVerdict = isValid ? { accept: true } : { accept: false, code: WRONG_PASSWORD };
    this.#log.server('authenticate', [userId], { userId, transport, remoteAddress, ...verdict });
    return verdict;
  }

  @AuthorizeMessage()
  isAllowed({ from, to, content, type, fingerprint }: Message): boolean {
    this.#log.server('authorizeMessage', [from, to], { from, to, content, type, fingerprint });
    return true;
  }

  @OnServerMessage()
  takeMessage({ from, content, type, fingerprint }: Message, sender: Sender): void {
    const { transport } = sender;
    this.#log.server('onServerMessage', [from], { from, content, type, fingerprint, transport });
  }

  @OnUndeliverable()
  takeUndeliverable({ from, to, content, fingerprint }: Message): boolean {
    this.#log.server('onUndeliverable', [from, to], { from, to, content, fingerprint, handled: false });
    return false;
  }

  @OnStored()
  notify(messages: readonly Message[]): void {
    const receivers = [...new Set(messages.map(({ to }) => to))];
    this.#log.server('onStored', receivers, { messages: messages.length, receivers });
  }

  @OnImEvent('online')
  online({ userId, session: { transport, remoteAddress, remotePort } }: ServerEvents['online']): void {
    this.#log.server('online', [userId], { userId, transport, remoteAddress, remotePort });
  }

  @OnImEvent('offline')
  offline({ userId, session: { transport }, kickCode }: ServerEvents['offline']): void {
    this.#log.server('offline', [userId], { userId, transport, kickCode });
  }

  @OnImEvent('delivered')
  delivered({ from, to, content, type, fingerprint }: Message): void {
    this.#log.server('delivered', [from, to], { from, to, content, type, fingerprint });
  }

  @OnImEvent('stored')
  stored({ from, to, content, type, fingerprint }: Message): void {
    this.#log.server('stored', [from, to], { from, to, content, type, fingerprint });
  }

  @OnImEvent('tooLarge')
  tooLarge({
    message: { from, to, fingerprint },
    bytes,
    maxBytes,
    transport,
  }: ServerEvents['tooLarge']): void {
    this.#log.server('tooLarge', [from, to], { from, to, fingerprint, bytes, maxBytes, transport });
  }

  @OnImEvent('queueFull')
  queueFull({ message: { from, to, fingerprint }, limit }: ServerEvents['queueFull']): void {
    this.#log.server('queueFull', [from, to], { from, to, fingerprint, limit });
  }

  @OnImEvent('expired')
  expired({ message: { from, to, fingerprint }, acceptedAt }: ServerEvents['expired']): void {
    this.#log.server('expired', [from, to], { from, to, fingerprint, acceptedAt });
  }

  @OnImEvent('undelivered')
  undelivered({ message: { from, to, content, fingerprint }, reason }: ServerEvents['undelivered']): void {
    this.#log.server('undelivered', [from, to], { from, to, content, fingerprint, reason });
  }

  @OnImEvent('received')
  received({ userId, from, fingerprint }: ServerEvents['received']): void {
    this.#log.server('received', [userId, from], { userId, from, fingerprint });
  }

  @OnImEvent('lost')
  lost({ userId, messages }: ServerEvents['lost']): void {
    const fingerprints = messages.map(({ fingerprint }) => fingerprint);
    this.#log.server('lost', [userId, ...messages.map(({ from }) => from)], { userId, fingerprints });
  }
}
