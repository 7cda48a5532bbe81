import type { PlatformSocket } from './platform-socket.js';

/** Callbacks of every API of a mini-program. */
export interface ApiCallbacks {
  success?(result: object): void;
  fail?(failure: object): void;
  complete?(result: object): void;
}

/** A listener for one kind of event. */
type Listener = (event: never) => void;

/** What a {@link FakeSocket} needs of its program. */
export interface SocketOwner {
  /** `my` has other failures and wraps messages. `wx` reports no close when opening has failed. */
  readonly dialect: 'wx' | 'uni' | 'my' | 'tt';
  /** Calls a function asynchronously. */
  later(run: () => void): void;
  /** The socket has ended, and no longer counts for the limit. */
  ended(socket: FakeSocket): void;
}

type EventName = 'open' | 'message' | 'error' | 'close';

/**
 * A socket of a fake mini-program, as the platforms document theirs: it reports to listeners, opens asynchronously,
 * rejects `send` before that, and reports nothing after its end. It counts for the limit until it has ended.
 */
export class FakeSocket {
  readonly #owner: SocketOwner;
  readonly #listeners: Record<EventName, Set<Listener>> = {
    open: new Set(),
    message: new Set(),
    error: new Set(),
    close: new Set(),
  };
  #wire: PlatformSocket | undefined;
  #state: 'connecting' | 'open' | 'closing' | 'closed' = 'connecting';
  #closing = { code: 1000, reason: '' };

  constructor(owner: SocketOwner) {
    this.#owner = owner;
  }

  /** Begins to open. Failures are reported by events. */
  connect(wire: PlatformSocket): void {
    this.#wire = wire;
    wire.addEventListener('open', () => this.#owner.later(() => this.#opened()));
    wire.addEventListener('message', ({ data }) => this.#owner.later(() => this.#received(data)));
    wire.addEventListener('error', () => {});
    wire.addEventListener('close', ({ code, reason }) => this.#owner.later(() => this.#ended(code, reason)));
  }

  add(event: EventName, listener: Listener): void {
    this.#listeners[event].add(listener);
  }

  remove(event: EventName, listener: Listener): void {
    this.#listeners[event].delete(listener);
  }

  send(options: { data: unknown } & ApiCallbacks): void {
    const { data } = options;
    if (typeof data !== 'string' && !(data instanceof ArrayBuffer)) {
      this.#fail(options, 'SocketTask.send', 'data must be string or ArrayBuffer', 11);
    } else if (this.#state !== 'open') {
      this.#fail(options, 'SocketTask.send', 'SocketTask.readyState is not OPEN', 10);
    } else {
      this.#wire?.send(data);
      this.#succeed(options, 'sendSocketMessage:ok');
    }
  }

  close(options: { code?: number; reason?: string } & ApiCallbacks = {}): void {
    const { code = 1000, reason = '' } = options;
    if (code !== 1000 && (code < 3000 || code > 4999)) {
      this.#fail(
        options,
        'closeSocket',
        `the code must be either 1000, or between 3000 and 4999. ${code} is neither`,
        2,
      );
    } else if (this.#state === 'closed') {
      this.#fail(options, 'closeSocket', 'WebSocket is not connected', 10);
    } else {
      this.#state = 'closing';
      this.#closing = { code, reason };
      this.#wire?.close(code, reason);
      this.#succeed(options, 'closeSocket:ok');
    }
  }

  /** Closes the socket on behalf of the network or the platform. */
  cut(reason: string): void {
    this.#wire?.close();
    this.#owner.later(() => this.#ended(1006, reason));
  }

  #opened(): void {
    if (this.#state !== 'connecting') return;
    this.#state = 'open';
    this.#emit('open', { header: {} });
  }

  #received(data: unknown): void {
    if (this.#state !== 'open') return;
    const isText = typeof data === 'string';
    if (this.#owner.dialect !== 'my') this.#emit('message', { data: isText ? data : toArrayBuffer(data) });
    else {
      const text = isText ? data : Buffer.from(toArrayBuffer(data)).toString('base64');
      this.#emit('message', { data: { data: text, isBuffer: !isText } });
    }
  }

  #ended(code: number, reason: string): void {
    if (this.#state === 'closed') return;
    const previous = this.#state;
    this.#state = 'closed';
    this.#owner.ended(this);
    if (previous === 'connecting') {
      this.#emit('error', this.#failure('connectSocket', reason === '' ? 'connection refused' : reason, 6));
      // WeChat reports only the error, the others the close as well.
      if (this.#owner.dialect === 'wx') return;
    }
    if (previous === 'closing') this.#emit('close', this.#closing);
    else this.#emit('close', { code: code === 1005 ? 1000 : code, reason: reason || defaultReason(code) });
  }

  #emit(event: EventName, detail: object): void {
    for (const listener of [...this.#listeners[event]]) listener(detail as never);
  }

  #succeed(callbacks: ApiCallbacks, errMsg: string): void {
    this.#owner.later(() => {
      callbacks.success?.({ errMsg });
      callbacks.complete?.({ errMsg });
    });
  }

  #fail(callbacks: ApiCallbacks, api: string, text: string, number: number): void {
    const failure = this.#failure(api, text, number);
    this.#owner.later(() => {
      callbacks.fail?.(failure);
      callbacks.complete?.(failure);
    });
  }

  #failure(api: string, text: string, number: number): object {
    return this.#owner.dialect === 'my'
      ? { error: number, errorMessage: text }
      : { errMsg: `${api}:fail ${text}` };
  }
}

function defaultReason(code: number): string {
  return code === 1006 ? 'abnormal closure' : 'normal closure';
}

function toArrayBuffer(data: unknown): ArrayBuffer {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data as ArrayBuffer);
  return new Uint8Array(bytes).buffer;
}
