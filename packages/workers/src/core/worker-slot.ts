import type { Clock, Scheduled } from '@imcore/protocol';
import type { TransportAddress } from '@imcore/server/ports';
import { WorkerError } from '../errors.js';
import type { CoreControl, ReportedFailure, WorkerControl } from '../link/control.js';
import { type CoreContext, CoreEnd, type CoreEndOwner } from './core-end.js';
import type { StartWorker, WorkerProcess } from './worker-process.js';

/** Wait before a worker is started again, in milliseconds; doubled each time that it ends soon. */
const FIRST_WAIT_MS = 1000;
const MAX_WAIT_MS = 30_000;
/** A worker that has listened for so long has not ended soon, in milliseconds. */
const STEADY_MS = 10_000;
/** How long a worker may take to listen, and to end, in milliseconds. Then it is killed. */
const START_MS = 60_000;
const END_MS = 5000;

/** What a worker does: `waiting` to be started again after it has ended, `ended` for good. */
export type WorkerState = 'starting' | 'listening' | 'waiting' | 'ended';

/** What the workers of a group share. */
export interface SlotContext extends CoreContext {
  readonly clock: Clock;
  readonly start: StartWorker;
}

/** A worker that was lost. */
export interface LostWorker {
  readonly error: WorkerError;
  /** Number of connections that ended with it. */
  readonly connections: number;
  /** When it is started again, in milliseconds. */
  readonly restartInMs: number;
}

/** The group of a worker. */
interface SlotOwner {
  /** The worker has ended unexpectedly. */
  lost(slot: WorkerSlot, lost: LostWorker): void;
  /** It listens, for the first time or again. */
  listening(slot: WorkerSlot): void;
  control(control: Extract<WorkerControl, { type: 'failed' | 'proxyHeaderRejected' }>): void;
}

/** One worker: starts its process, and starts it again when it has ended. */
export class WorkerSlot implements CoreEndOwner {
  /** From 1 on. */
  readonly number: number;
  readonly #context: SlotContext;
  readonly #owner: SlotOwner;
  readonly #startControl: () => CoreControl;
  #state: WorkerState = 'starting';
  #process: WorkerProcess | undefined = undefined;
  #end: CoreEnd | undefined = undefined;
  #timer: Scheduled | undefined = undefined;
  #waitMs = FIRST_WAIT_MS;
  #listeningSince = 0;
  #restarts = 0;
  #lostConnections = 0;
  #isLinkOpen = false;
  /** Undefined while the process runs. */
  #exitReason: string | undefined = undefined;
  #linkError: WorkerError | undefined = undefined;
  #isClosing = false;
  #onListening: ((addresses: readonly TransportAddress[]) => void) | undefined = undefined;
  #onFailed: ((error: Error) => void) | undefined = undefined;
  #onClosed: (() => void) | undefined = undefined;

  /** `startControl` returns what the worker is told when its process has started. */
  constructor(number: number, context: SlotContext, owner: SlotOwner, startControl: () => CoreControl) {
    this.number = number;
    this.#context = context;
    this.#owner = owner;
    this.#startControl = startControl;
  }

  get state(): WorkerState {
    return this.#state;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** The core's end of the link; undefined while there is no process. */
  get end(): CoreEnd | undefined {
    return this.#end;
  }

  /** Starts the process. Rejects if it cannot listen, or ends before it does. */
  start(): Promise<readonly TransportAddress[]> {
    return new Promise((resolve, reject) => {
      this.#onListening = resolve;
      this.#onFailed = reject;
      this.#launch();
    });
  }

  tell(control: CoreControl): void {
    this.#end?.tell(control);
  }

  /** Ends the process: it closes its connections first. Resolves when it has ended. */
  close(): Promise<void> {
    this.#isClosing = true;
    this.#timer?.cancel();
    if (this.#process === undefined) {
      this.#state = 'ended';
      return Promise.resolve();
    }
    this.tell({ type: 'close' });
    this.#killIn(END_MS);
    return new Promise((resolve) => {
      this.#onClosed = resolve;
    });
  }

  control(control: WorkerControl): void {
    switch (control.type) {
      case 'listening':
        this.#listens(control.addresses);
        break;
      case 'notListening':
        this.#cannotListen(control.failure);
        break;
      case 'failed':
      case 'proxyHeaderRejected':
        this.#owner.control(control);
        break;
      default:
        control satisfies never;
    }
  }

  /** The link is closed. A process that lives on without it is of no use. */
  ended(error: WorkerError | undefined, connections: number): void {
    this.#linkError ??= error;
    this.#lostConnections = connections;
    this.#isLinkOpen = false;
    if (this.#exitReason !== undefined) this.#gone(this.#exitReason);
    else if (!this.#isClosing) this.#process?.kill();
  }

  #launch(): void {
    const { start, maxBodyBytes } = this.#context;
    this.#state = 'starting';
    this.#linkError = undefined;
    this.#exitReason = undefined;
    this.#isLinkOpen = true;
    try {
      this.#process = start(maxBodyBytes, (reason) => this.#exited(reason));
    } catch (error) {
      this.#cannotStart(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    const end = new CoreEnd(this.#process.stream, this.#context, this);
    this.#end = end;
    end.tell(this.#startControl());
    this.#killIn(START_MS);
  }

  #cannotStart(error: Error): void {
    this.#lostConnections = 0;
    if (this.#onFailed !== undefined) this.#fails(error);
    else {
      const text = `worker ${this.number} cannot be started: ${error.message}`;
      this.#restartLater(new WorkerError('ERR_WORKER_LOST', text, { cause: error }));
    }
  }

  /** It has never listened, and is not started again. */
  #fails(error: Error): void {
    this.#state = 'ended';
    this.#onFailed?.(error);
    this.#onFailed = undefined;
    this.#onListening = undefined;
  }

  #listens(addresses: readonly TransportAddress[]): void {
    if (this.#isClosing) return;
    this.#timer?.cancel();
    this.#state = 'listening';
    this.#listeningSince = this.#context.clock.now();
    this.#onListening?.(addresses);
    this.#onListening = undefined;
    this.#onFailed = undefined;
    this.#owner.listening(this);
  }

  #cannotListen(failure: ReportedFailure): void {
    const { message, ...details } = failure;
    const isStart = this.#onFailed !== undefined;
    if (isStart) this.#fails(Object.assign(new Error(message), details));
    this.#isClosing ||= isStart;
    this.#linkError = new WorkerError('ERR_WORKER_FAILED', message);
    this.#process?.kill();
  }

  #exited(reason: string): void {
    this.#exitReason = reason;
    if (this.#isLinkOpen) this.#end?.destroy();
    else this.#gone(reason);
  }

  /** The process has ended, and the link is closed. */
  #gone(reason: string): void {
    this.#timer?.cancel();
    const { pid } = this;
    this.#process = undefined;
    const why = this.#linkError === undefined ? '' : ` (${this.#linkError.message})`;
    const text = `worker ${this.number} (process ${pid}) ended with ${reason}${why}`;
    const error = new WorkerError('ERR_WORKER_LOST', text, { cause: this.#linkError });
    if (this.#onFailed !== undefined) this.#fails(error);
    else if (this.#isClosing) this.#state = 'ended';
    else if (this.#state !== 'ended') this.#restartLater(error);
    this.#onClosed?.();
  }

  #restartLater(error: WorkerError): void {
    const { clock } = this.#context;
    const now = clock.now();
    const wasSteady = this.#state === 'listening' && now - this.#listeningSince >= STEADY_MS;
    if (wasSteady) this.#waitMs = FIRST_WAIT_MS;
    const restartInMs = this.#waitMs;
    this.#waitMs = Math.min(MAX_WAIT_MS, restartInMs * 2);
    this.#state = 'waiting';
    this.#timer = clock.schedule(now + restartInMs, () => {
      this.#restarts += 1;
      this.#launch();
    });
    this.#owner.lost(this, { error, connections: this.#lostConnections, restartInMs });
  }

  #killIn(ms: number): void {
    const { clock } = this.#context;
    this.#timer?.cancel();
    this.#timer = clock.schedule(clock.now() + ms, () => this.#process?.kill());
  }
}
