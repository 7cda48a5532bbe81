import { LinkError } from '../errors.js';
import type { Link, LinkHandler } from '../transport.js';
import { utf8Length } from '../utf8-length.js';
import type { PlatformFailure, SocketClosure, SocketMessage, SocketTask } from './platform-api.js';
import { openFailure, textOf } from './socket-failure.js';

/** The close code of an end in good order. */
const NORMAL_CLOSURE = 1000;

/**
 * A link over a `SocketTask`: one packet a text message. Binary messages are not part of the protocol and are ignored.
 *
 * Platforms differ in what they tell: a socket that could not be opened reports an error and no end on WeChat, both
 * elsewhere; a refused one calls `fail` and may have given a task all the same; one that was closed while it was being
 * opened may open afterwards. Whatever comes first counts, the rest is not heard.
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

  /** Takes the platform's socket. `release` is called at the end, or more than once. */
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

  /** The platform has begun to open a socket. */
  accepted(): void {
    if (this.#task === undefined) this.rejected({ errMsg: 'connectSocket gave no SocketTask' });
  }

  /** The platform did not even begin to open a socket: what was heard since then was of another one. */
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
    // One that is being opened is listened to until it has ended: one that opens all the same is closed again.
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
    else this.#broken(`the socket broke: ${textOf(failure)}`, failure);
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

  /** Some platforms throw where there is nothing to close any more. */
  #closeTask(): void {
    try {
      this.#task?.close({ code: NORMAL_CLOSURE, success: ignore, fail: ignore });
    } catch {
      // It is gone already, and that is what was asked for.
    }
  }
}

/** The text of a message; undefined for a binary one. */
function textIn(message: SocketMessage): string | undefined {
  const { data, isBuffer } = message;
  if (typeof data === 'string') return isBuffer === true ? undefined : data;
  // Alipay's tasks wrap the message once more.
  if (typeof data !== 'object' || data === null || !('data' in data)) return undefined;
  const inner: SocketMessage = data;
  return typeof inner.data === 'string' && inner.isBuffer !== true ? inner.data : undefined;
}

function ignore(): void {}
