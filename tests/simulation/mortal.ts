import type { Clock } from '@imcore/protocol';
import type { MessageStore, ServerTransport, TransportHost } from '@imcore/server/ports';
import { MortalClock } from './mortal-clock.js';

/**
 * What stands between one server and the world, so that it can be killed: from then on nothing that it does or has
 * scheduled has any effect, and it hears nothing more. What its store was told before is done, or is not.
 */
export class Mortal {
  readonly clock: MortalClock;
  readonly #transports: ServerTransport[] = [];

  constructor(clock: Clock) {
    this.clock = new MortalClock(clock);
  }

  get isDead(): boolean {
    return this.clock.isDead;
  }

  /** Ends it without a word. Its peers see their connections break; on UDP they see nothing. */
  kill(): void {
    this.clock.die();
    for (const transport of this.#transports) void transport.close();
  }

  /** What the dead would have done, never comes to be. */
  async lives<Result>(result: Promise<Result>): Promise<Result> {
    try {
      const value = await result;
      return this.isDead ? await never() : value;
    } catch (error) {
      if (this.isDead) return never();
      throw error;
    }
  }

  transport(transport: ServerTransport): ServerTransport {
    this.#transports.push(transport);
    return {
      transport: transport.transport,
      readTimeoutMs: transport.readTimeoutMs,
      maxSendBytes: transport.maxSendBytes,
      listen: (host) => transport.listen(this.#host(host)),
      stopAccepting: () => transport.stopAccepting(),
      close: () => (this.isDead ? never() : transport.close()),
    };
  }

  store(store: MessageStore): MessageStore {
    const call = <Result>(work: () => Promise<Result>): Promise<Result> =>
      this.isDead ? never() : this.lives(work());
    return {
      durable: store.durable,
      keepsHistory: store.keepsHistory,
      append: (messages) => call(() => store.append(messages)),
      isEmptyFor: (userId) => store.isEmptyFor?.(userId) === true,
      take: (userId, after, limit) => call(() => store.take(userId, after, limit)),
      confirm: (confirmations) => call(() => store.confirm(confirmations)),
      count: (userId) => call(() => store.count(userId)),
      expire: (now, limit) => call(() => store.expire(now, limit)),
      deadLetters: (after, limit, userId) => call(() => store.deadLetters(after, limit, userId)),
      resend: (ids, now) => call(() => store.resend(ids, now)),
      discard: (ids) => call(() => store.discard(ids)),
      onDeadLettersDeleted: (tell) =>
        store.onDeadLettersDeleted((letters) => {
          if (!this.isDead) tell(letters);
        }),
      history: (query) => call(() => store.history(query)),
      health: () => call(() => store.health()),
      close: () => call(() => store.close()),
    };
  }

  #host(host: TransportHost): TransportHost {
    return {
      count: (name) => host.count(name),
      failed: (error) => host.failed(error),
      accept: (connection, transport) => {
        if (this.isDead) return 'closing';
        const handler = host.accept(connection, transport);
        if (typeof handler === 'string') return handler;
        const ifAlive = (act: () => void): void => {
          if (!this.isDead) act();
        };
        return {
          receive: (body) => ifAlive(() => handler.receive(body)),
          violated: (error) => ifAlive(() => handler.violated(error)),
          drained: () => ifAlive(() => handler.drained()),
          closed: () => ifAlive(() => handler.closed()),
        };
      },
    };
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
