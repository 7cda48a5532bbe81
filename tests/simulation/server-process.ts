import type { Clock } from '@imcore/protocol';
import type { MessageStore, ServerTransport, TransportHost } from '@imcore/server/ports';
import { wrapStore } from '@imcore/testkit';
import { CrashableClock } from './crashable-clock.js';

/**
 * The clock, transports and store of a server that can crash.
 *
 * After the crash nothing that the server does or has scheduled has an effect, and it receives nothing more. Calls
 * that the store has already got may still take effect.
 */
export class ServerProcess {
  readonly clock: CrashableClock;
  readonly #transports: ServerTransport[] = [];

  constructor(clock: Clock) {
    this.clock = new CrashableClock(clock);
  }

  get hasCrashed(): boolean {
    return this.clock.hasCrashed;
  }

  /** Its peers see their connections break; on UDP they see nothing. */
  crash(): void {
    this.clock.crash();
    for (const transport of this.#transports) void transport.close();
  }

  /** Settles as `result` does, or never when the process crashes before. */
  async unlessCrashed<Result>(result: Promise<Result>): Promise<Result> {
    try {
      const value = await result;
      return this.hasCrashed ? await never() : value;
    } catch (error) {
      if (this.hasCrashed) return never();
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
      close: () => (this.hasCrashed ? never() : transport.close()),
    };
  }

  store(store: MessageStore): MessageStore {
    const call = <Result>(work: () => Promise<Result>): Promise<Result> =>
      this.hasCrashed ? never() : this.unlessCrashed(work());
    return wrapStore(store, (_call, work) => call(work), {
      onDeadLettersDeleted: (tell) =>
        store.onDeadLettersDeleted((deadLetters) => {
          if (!this.hasCrashed) tell(deadLetters);
        }),
    });
  }

  #host(host: TransportHost): TransportHost {
    return {
      count: (name) => host.count(name),
      failed: (error) => host.failed(error),
      isTrustedProxy: (address) => host.isTrustedProxy(address),
      proxyHeaderRejected: (transport, address, reason) =>
        host.proxyHeaderRejected(transport, address, reason),
      admit: (socket) => (this.hasCrashed ? 'closing' : host.admit(socket)),
      accept: (connection, transport, admission) => {
        if (this.hasCrashed) return 'closing';
        const handler = host.accept(connection, transport, admission);
        if (typeof handler === 'string') return handler;
        const unlessCrashed = (act: () => void): void => {
          if (!this.hasCrashed) act();
        };
        return {
          receive: (body) => unlessCrashed(() => handler.receive(body)),
          violated: (error) => unlessCrashed(() => handler.violated(error)),
          answeredPing: (hasRoom) => unlessCrashed(() => handler.answeredPing(hasRoom)),
          drained: () => unlessCrashed(() => handler.drained()),
          closed: () => unlessCrashed(() => handler.closed()),
        };
      },
    };
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
