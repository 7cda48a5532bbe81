import { LinkError } from '../errors.js';
import type { Link, LinkHandler } from '../transport.js';
import { utf8Length } from '../utf8-length.js';
import type { PlatformFailure, SocketClosure, SocketMessage, SocketTask } from './platform-api.js';
import { openFailure, textOf } from './socket-failure.js';

/** Close code of a normal closure. */
const NORMAL_CLOSURE = 1000;

/**
 * A link over a `SocketTask`: one packet per text message. Binary messages are not part of the protocol and are ignored.
 *
 * Platforms differ in their events. A socket that cannot be opened emits only an error on WeChat, and an error and a
 * close event elsewhere. A rejected `connectSocket` calls `fail`, but may have returned a task. A socket that is closed
 * while connecting may still open. The first event counts, later ones are ignored.
 */
export class SocketLink implements Link {
  readonly #handler: LinkHandler;
  #task: SocketTask | undefined;
  #release: () => void = () => {};
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #bufferedBytes = 0;

  constructor(handler: LinkHandler) {
    this.#handler = handler;
  }

  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Sets the platform's socket. `release` is called when the link has ended, possibly more than once. */
  attach(task: SocketTask, release: () => void): void {
    if (this.#state === 'closed') {
      release();
      return;
    }
    this.#task = task;
    this.#release = release;
    task.onOpen(() => this.#opened());
    task.onMessage((message) => this.#received(message));
    task.onError((failure) => this.#failed(failure));
    task.onClose((closure) => this.#closed(closure));
  }

  /** `connectSocket` has succeeded: the socket is being opened. */
  accepted(): void {
    if (this.#task === undefined) this.rejected({ errMsg: 'connectSocket returned no SocketTask' });
  }

  /** `connectSocket` has failed: no socket is being opened, and earlier events belonged to another socket. */
  rejected(failure: PlatformFailure | undefined): void {
    if (this.#state === 'closed') this.#release();
    else this.#end(openFailure(failure));
  }

  send(frame: string): void {
    if (this.#state !== 'open') return;
    const bytes = utf8Length(frame);
    this.#bufferedBytes += bytes;
    this.#task?.send({
      data: frame,
      success: () => {
        this.#bufferedBytes -= bytes;
      },
      fail: (failure) => {
        this.#bufferedBytes -= bytes;
        this.#broken(`a packet could not be written: ${textOf(failure)}`, failure);
      },
    });
  }

  close(): void {
    if (this.#state === 'closed') return;
    const isOpening = this.#state === 'opening';
    this.#state = 'closed';
    this.#closeTask();
    // Keep the listeners of a connecting socket until it has ended: if it still opens, it is closed again.
    if (!isOpening) this.#release();
  }

  #opened(): void {
    if (this.#state === 'closed') {
      this.#closeTask();
      this.#release();
    } else if (this.#state === 'opening') {
      this.#state = 'open';
      this.#handler.opened();
    }
  }

  #received(message: SocketMessage): void {
    const text = textIn(message);
    if (this.#state === 'open' && text !== undefined) this.#handler.received(text);
  }

  #failed(failure: PlatformFailure | undefined): void {
    if (this.#state === 'opening') this.#end(openFailure(failure));
    else if (this.#state === 'closed') this.#release();
    else this.#broken(`the socket failed: ${textOf(failure)}`, failure);
  }

  #broken(text: string, cause: unknown): void {
    if (this.#state !== 'open') return;
    this.#closeTask();
    this.#end(new LinkError('ERR_LINK_CLOSED', text, { cause }));
  }

  #closed(closure: SocketClosure | undefined): void {
    if (this.#state === 'closed') {
      this.#release();
      return;
    }
    const code = Number(closure?.code ?? NORMAL_CLOSURE);
    const detail = `${code}${closure?.reason ? ` ${closure.reason}` : ''}`;
    if (this.#state === 'opening') this.#end(openFailure({ errMsg: `closed with code ${detail}` }));
    else if (code === NORMAL_CLOSURE) this.#end(undefined);
    else this.#end(new LinkError('ERR_LINK_CLOSED', `the socket was closed with code ${detail}`));
  }

  #end(error: LinkError | undefined): void {
    this.#state = 'closed';
    this.#release();
    this.#handler.closed(error);
  }

  /** Closes the task. Some platforms throw if it is already closed. */
  #closeTask(): void {
    try {
      this.#task?.close({ code: NORMAL_CLOSURE, success: ignore, fail: ignore });
    } catch {
      // Already closed.
    }
  }
}

/** Returns the text of a message; undefined for a binary message. */
function textIn(message: SocketMessage): string | undefined {
  const { data, isBuffer } = message;
  if (typeof data === 'string') return isBuffer === true ? undefined : data;
  // Alipay's tasks wrap the message in another object.
  if (typeof data !== 'object' || data === null || !('data' in data)) return undefined;
  const inner: SocketMessage = data;
  return typeof inner.data === 'string' && inner.isBuffer !== true ? inner.data : undefined;
}

function ignore(): void {}
