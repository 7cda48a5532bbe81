import type { Clock, Instant, Scheduled } from '@imcore/protocol';
import type { MessageStore, ServerTransport, TransportHost } from '@imcore/server/ports';
import { wrapStore } from '@imcore/testkit';

/** The pauses of a process: whatever would reach it waits until it is resumed, and happens then in the same order. */
export class Gate {
  readonly #clock: Clock;
  #held: (() => void)[] | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isPaused(): boolean {
    return this.#held !== undefined;
  }

  pause(): void {
    this.#held ??= [];
  }

  resume(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const act of held) this.#clock.schedule(this.#clock.now(), () => this.run(act));
  }

  run(act: () => void): void {
    if (this.#held === undefined) act();
    else this.#held.push(act);
  }

  /** Settles as `result` does, after the pause that it falls into. */
  async after<Result>(result: Promise<Result>): Promise<Result> {
    try {
      return await result;
    } finally {
      if (this.isPaused) await new Promise<void>((resolve) => this.run(resolve));
    }
  }
}

/** The clock of a process with pauses. `offsetMs`: how far its wall clock is ahead of the others. */
export function pausableClock(clock: Clock, gate: Gate, offsetMs: number): Clock {
  return {
    now: () => clock.now(),
    wallTime: () => clock.wallTime() + offsetMs,
    schedule: (at: Instant, run: () => void): Scheduled => {
      let isCancelled = false;
      const scheduled = clock.schedule(at, () =>
        gate.run(() => {
          if (!isCancelled) run();
        }),
      );
      return {
        cancel: () => {
          isCancelled = true;
          scheduled.cancel();
        },
      };
    },
  };
}

/** A transport whose server reads nothing during a pause. Connections are accepted, as an operating system does. */
export function pausableTransport(transport: ServerTransport, gate: Gate): ServerTransport {
  return {
    transport: transport.transport,
    readTimeoutMs: transport.readTimeoutMs,
    maxSendBytes: transport.maxSendBytes,
    listen: (host) => transport.listen(pausableHost(host, gate)),
    stopAccepting: () => transport.stopAccepting(),
    close: () => transport.close(),
  };
}

function pausableHost(host: TransportHost, gate: Gate): TransportHost {
  return {
    count: (name) => host.count(name),
    failed: (error) => host.failed(error),
    isTrustedProxy: (address) => host.isTrustedProxy(address),
    proxyHeaderRejected: (transport, address, reason) => host.proxyHeaderRejected(transport, address, reason),
    admit: (socket) => host.admit(socket),
    accept: (connection, transport, admission) => {
      const handler = host.accept(connection, transport, admission);
      if (typeof handler === 'string') return handler;
      return {
        receive: (body) => gate.run(() => handler.receive(body)),
        violated: (error) => gate.run(() => handler.violated(error)),
        answeredPing: (hasRoom) => gate.run(() => handler.answeredPing(hasRoom)),
        drained: () => gate.run(() => handler.drained()),
        closed: () => gate.run(() => handler.closed()),
      };
    },
  };
}

/** A store whose answers do not reach a process during a pause. */
export function pausableStore(store: MessageStore, gate: Gate): MessageStore {
  return wrapStore(store, (_call, work) => gate.after(work()), {
    isEmptyFor: () => false,
    onDeadLettersDeleted: (tell) =>
      store.onDeadLettersDeleted((deadLetters) => gate.run(() => tell(deadLetters))),
  });
}
