import type { Clock } from '@imcore/protocol';
import type { Gateway, GatewayHost, MessageStore } from '@imcore/server/ports';
import { MortalClock } from './mortal-clock.js';

/**
 * What stands between one server and the world, so that it can be killed: from then on nothing that it does or has
 * scheduled has any effect, and it hears nothing more. What its store was told before is done, or is not.
 */
export class Mortal {
  readonly clock: MortalClock;
  readonly #gateways: Gateway[] = [];

  constructor(clock: Clock) {
    this.clock = new MortalClock(clock);
  }

  get isDead(): boolean {
    return this.clock.isDead;
  }

  /** Ends it without a word. Its peers see their connections break; on UDP they see nothing. */
  kill(): void {
    this.clock.die();
    for (const gateway of this.#gateways) void gateway.close();
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

  gateway(gateway: Gateway): Gateway {
    this.#gateways.push(gateway);
    return {
      transport: gateway.transport,
      readTimeoutMs: gateway.readTimeoutMs,
      maxSendBytes: gateway.maxSendBytes,
      listen: (host) => gateway.listen(this.#host(host)),
      stopAccepting: () => gateway.stopAccepting(),
      close: () => (this.isDead ? never() : gateway.close()),
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

  #host(host: GatewayHost): GatewayHost {
    return {
      count: (name) => host.count(name),
      failed: (error) => host.failed(error),
      accept: (connection, gateway) => {
        if (this.isDead) return 'closing';
        const handler = host.accept(connection, gateway);
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
