import type { ServerResponse } from 'node:http';
import type { FeedEvent } from '../im/event-feed.js';

/** How often something is written where nothing happens, so that nobody in between hangs up. In milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** Bytes that may wait for a reader. One that reads more slowly is hung up on; it may come back with `Last-Event-ID`. */
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

/** One answer that consists of server-sent events. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    this.#keepAlive = setInterval(() => this.#send(':\n\n'), KEEP_ALIVE_MS);
    this.onClosed(() => clearInterval(this.#keepAlive));
  }

  write(event: FeedEvent): void {
    this.#send(`id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  end(): void {
    this.#response.end();
  }

  /** Calls once the reader has gone, or the answer has ended. */
  onClosed(listener: () => void): void {
    this.#response.once('close', listener);
  }

  #send(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(text);
    if (this.#response.writableLength > MAX_BUFFERED_BYTES) this.#response.destroy();
  }
}
