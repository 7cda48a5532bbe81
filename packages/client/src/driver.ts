import type { Clock, Emitter, Instant, LogPosition, Random } from '@imcore/protocol';
import { Alarm } from './alarm.js';
import type { TokenSource } from './compose.js';
import type { Effect, Hold } from './effects.js';
import { DeliveryError, LoginError } from './errors.js';
import type { ClientEvents, StateChange } from './events.js';
import { Handling } from './handling.js';
import type { KeptDevice } from './level.js';
import { LinkHolder } from './link-holder.js';
import type { Logger } from './logger.js';
import type { Message, OutboxMessage } from './message.js';
import { MessageStreams } from './message-streams.js';
import type { CheckedSettings } from './options.js';
import type { Outbox, OutboxSource } from './outbox.js';
import type { OutgoingMessage, RestoredMessage } from './outgoing.js';
import { PendingLogins } from './pending-logins.js';
import { PendingRequests } from './pending-requests.js';
import { PendingSends } from './pending-sends.js';
import type { PlatformSignals } from './platform-signals.js';
import { Session } from './session.js';
import type { Transport } from './transport.js';

/** The collaborators of a client. */
export interface ClientParts {
  readonly transport: Transport;
  readonly settings: CheckedSettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly outbox: OutboxSource | undefined;
  readonly signals: PlatformSignals;
}

/**
 * Executes the effects of a {@link Session} in order. Owns the link, the timer, the durable outbox and the pending
 * promises.
 */
export class Driver {
  readonly session: Session;
  readonly sends = new PendingSends();
  readonly logins = new PendingLogins();
  readonly requests = new PendingRequests();
  readonly streams = new MessageStreams();
  readonly outbox: Outbox | undefined;
  /** Called before each login. */
  tokenSource: TokenSource | undefined;
  readonly #parts: ClientParts;
  readonly #emitter: Emitter<ClientEvents>;
  readonly #link: LinkHolder;
  readonly #alarm: Alarm;
  /** Number of the current token request, so that a late result of an earlier one is ignored. */
  #tokenRequest = 0;
  #lastTicket = 0;
  #queue: Effect[] = [];
  #isRunning = false;
  #unsubscribe: (() => void) | undefined;

  constructor(parts: ClientParts, emitter: Emitter<ClientEvents>) {
    const { settings, clock } = parts;
    this.#parts = parts;
    this.#emitter = emitter;
    this.session = new Session(settings, parts.random, parts.outbox?.createLog);
    this.#alarm = new Alarm(clock, () => this.run(this.session.tick(this.now())));
    this.#link = new LinkHolder(parts.transport, {
      opened: () => this.run(this.session.linkOpened(this.now())),
      received: (frame) => this.run(this.session.receive(frame, this.now())),
      closed: (error) => this.run(this.session.linkClosed(error, this.now())),
    });
    this.outbox = parts.outbox?.({
      sendTimeoutMs: settings.sendTimeoutMs,
      remember: settings.remember,
      wallTime: () => clock.wallTime(),
      nextTicket: () => this.nextTicket(),
      found: (waiting, received, device) => this.#restore(waiting, received, device),
      kept: (ticket, fingerprint, error) => {
        const lost = this.sends.accepted(ticket, error);
        if (error !== undefined) this.reportError(error);
        if (lost !== undefined) this.#emitter.emit('undelivered', { fingerprint, error: lost });
      },
      failed: (error) => this.reportError(error),
    });
  }

  now(): Instant {
    return this.#parts.clock.now();
  }

  nextTicket(): number {
    this.#lastTicket += 1;
    return this.#lastTicket;
  }

  /** The error if the link's output buffer is full, else undefined. */
  get rejection(): DeliveryError | undefined {
    const buffered = this.#link.bufferedBytes;
    const { maxPendingBytes } = this.#parts.settings;
    if (buffered <= maxPendingBytes) return undefined;
    const text = `the link has ${buffered} unsent bytes, maxPendingBytes is ${maxPendingBytes}`;
    return new DeliveryError('ERR_QUEUE_FULL', text);
  }

  /** Executes effects in order, then those that listeners have caused, then sets the timer. */
  run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#queue.push(effect);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let i = 0; i < this.#queue.length; i++) {
      const effect = this.#queue[i];
      if (effect !== undefined) this.#try(effect);
    }
    this.#queue = [];
    this.#isRunning = false;
    this.#alarm.set(this.session.nextDeadline);
  }

  /** Emits the event `error` with what was thrown; without a listener, logs a warning. */
  reportError(thrown: unknown): void {
    const error = asError(thrown);
    if (this.#emitter.has('error')) this.#emitter.emit('error', error);
    else this.#parts.logger.warn({ error: error.name }, error.message);
  }

  /** Reports an exception, for example of a transport that violates its contract, so that later effects still run. */
  #try(effect: Effect): void {
    try {
      this.#carryOut(effect);
    } catch (thrown) {
      try {
        this.reportError(thrown);
      } catch {
        // The logger threw too: there is nowhere left to report.
      }
    }
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'write':
        this.#link.send(effect.frame);
        break;
      case 'connect':
        this.#link.open();
        break;
      case 'disconnect':
        this.#link.close();
        break;
      case 'ask-token':
        this.#askToken();
        break;
      case 'open-outbox':
        this.outbox?.open(effect.userId);
        break;
      case 'close-outbox':
        this.outbox?.close();
        this.logins.opened();
        break;
      case 'keep':
        this.outbox?.keep(effect.message);
        break;
      case 'forget':
        this.outbox?.forget(effect.fingerprint);
        break;
      case 'save-position':
        this.#savePosition(effect.position);
        break;
      case 'request-done':
        this.requests.resolve(effect.ticket, effect.result);
        break;
      case 'request-failed':
        this.requests.reject(effect.ticket, effect.error);
        break;
      case 'state':
        this.#stateChanged(effect);
        break;
      case 'logged-in':
        this.logins.resolve({ firstLoginTime: effect.firstLoginTime });
        break;
      case 'login-failed':
        this.logins.reject(effect.error);
        break;
      case 'restored':
        this.#emitter.emit('restored', { messages: effect.messages.map(toOutboxMessage) });
        break;
      case 'message':
        this.#dispatch(effect);
        break;
      case 'sent':
        this.#sent(effect);
        break;
      case 'postponed':
        this.sends.postpone(effect.ticket, effect.error);
        break;
      case 'undelivered':
        this.sends.reject(effect.ticket, effect.error);
        this.#emitter.emit('undelivered', { fingerprint: effect.fingerprint, error: effect.error });
        break;
      case 'error':
        this.reportError(effect.error);
        break;
      default: {
        const { kind, ...event } = effect;
        this.#emitter.emit(kind, event);
      }
    }
  }

  #sent({ ticket, fingerprint, attempts, outcome, as }: Effect & { kind: 'sent' }): void {
    const acknowledgedAt = outcome === 'written' ? undefined : this.#parts.clock.wallTime();
    const { messageId, position, serverTime } = as ?? {};
    const stored = { messageId, position, serverTime };
    this.sends.resolve(ticket, { outcome, fingerprint, attempts, acknowledgedAt, ...stored });
    if (outcome !== 'written' && fingerprint !== undefined)
      this.#emitter.emit('delivered', { fingerprint, ...stored });
  }

  /** Passes a message to listeners and readers. It is acknowledged when they have handled it and it is remembered. */
  #dispatch({ message, hold }: Effect & { kind: 'message' }): void {
    const handling = new Handling(message, this.#parts.settings.acknowledge === 'manual', (isHandled) => {
      if (isHandled) this.#acknowledge(hold);
      else this.run(this.session.released(hold, this.now()));
    });
    for (const listener of this.#emitter.listeners('message')) this.#call(listener, handling);
    this.streams.push(handling);
    handling.begun();
  }

  /** Calls a listener; if it returns a promise, it has handled the message when the promise resolves. */
  #call(listener: (message: Message) => unknown, handling: Handling): void {
    const failed = (thrown: unknown): void => {
      this.reportError(thrown);
      handling.end(false);
    };
    handling.begin();
    try {
      const result = listener(handling.message);
      if (isThenable(result)) result.then(() => handling.end(true), failed);
      else handling.end(true);
    } catch (thrown) {
      failed(thrown);
    }
  }

  #acknowledge(hold: Hold): void {
    const { settings } = this.#parts;
    const handled = (): void => this.run(this.session.handled(hold, this.now()));
    if (typeof hold !== 'string' || settings.remember === 0 || !this.session.isHeld(hold)) handled();
    else void this.outbox?.remember(hold).then(handled);
  }

  #savePosition(position: LogPosition): void {
    const saved = (): void => this.run(this.session.positionSaved(position, this.now()));
    void this.outbox?.savePosition?.(position).then(saved);
  }

  #askToken(): void {
    this.#tokenRequest += 1;
    const tokenRequest = this.#tokenRequest;
    const answer = async (): Promise<void> => {
      try {
        const token = (await this.tokenSource?.()) ?? '';
        if (tokenRequest === this.#tokenRequest) this.run(this.session.tokenReady(token, this.now()));
      } catch (cause) {
        const error = new LoginError('ERR_TOKEN_UNAVAILABLE', 'the token function failed', { cause });
        if (tokenRequest === this.#tokenRequest) this.run(this.session.tokenFailed(error, this.now()));
      }
    };
    void answer();
  }

  #restore(waiting: readonly RestoredMessage[], received: readonly string[], device?: KeptDevice): void {
    this.run(this.session.restored(waiting, received, this.now(), device));
    this.logins.opened();
  }

  #stateChanged({ previous, current, reason, retryAt, cause }: Effect & { kind: 'state' }): void {
    const { clock, signals } = this.#parts;
    const isOver = current === 'idle' || current === 'closed';
    if (isOver) {
      this.#unsubscribe?.();
      this.#unsubscribe = undefined;
    } else {
      this.#unsubscribe ??= signals.subscribe((signal) =>
        this.run(this.session.retryNow(this.now(), signal === 'online')),
      );
    }
    const change: StateChange = {
      previous,
      current,
      ...(reason !== undefined && { reason }),
      ...(retryAt !== undefined && { retryAt: Math.round(clock.wallTime() + (retryAt - clock.now())) }),
      ...(cause !== undefined && { cause }),
    };
    this.#emitter.emit('state', change);
    if (current === 'closed') this.streams.end();
  }
}

/** Returns what was thrown as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}

/** Converts a stored message to its public form. */
function toOutboxMessage({ packet, queuedAt }: OutgoingMessage): OutboxMessage {
  const { fp, to, dataContent, typeu } = packet;
  return { fingerprint: fp ?? '', to: to ?? '', content: dataContent ?? '', type: typeu, queuedAt };
}
