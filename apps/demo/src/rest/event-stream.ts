import type { ServerResponse } from 'node:http';
import type { EventFeed, FeedEvent } from '../im/event-feed.js';

/** How often something is written where nothing happens, so that nobody in between hangs up. In milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** What one answer tells. */
interface EventSelection {
  /** Only events about this user; undefined: about all. */
  readonly user: string | undefined;
  /** Only events after that of this id. */
  readonly afterId: number;
  /** Whether it goes on with what happens from now on. */
  readonly follow: boolean;
}

/**
 * One answer that consists of server-sent events: what the feed keeps, then what happens.
 *
 * A reader that is slow is given no more than it takes, and goes on where it was as far as the feed still has it. One
 * that takes nothing between two keep-alives is hung up on; it may come back with `Last-Event-ID`.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #feed: EventFeed;
  readonly #selection: EventSelection;
  readonly #keepAlive: NodeJS.Timeout;
  readonly #stopFollowing: () => void;
  #lastId: number;
  /** Whether what was written waits for the reader. */
  #isBlocked = false;
  /** Keep-alives that were due meanwhile. */
  #missedKeepAlives = 0;

  constructor(response: ServerResponse, feed: EventFeed, selection: EventSelection) {
    this.#response = response;
    this.#feed = feed;
    this.#selection = selection;
    this.#lastId = selection.afterId;
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    response.on('drain', () => this.#catchUp());
    this.#keepAlive = setInterval(() => this.#tick(), KEEP_ALIVE_MS);
    this.#stopFollowing = selection.follow
      ? feed.follow(selection.user, (event) => {
          if (!this.#isBlocked) this.#write(event);
        })
      : () => {};
    this.onClosed(() => {
      clearInterval(this.#keepAlive);
      this.#stopFollowing();
    });
    this.#catchUp();
  }

  end(): void {
    this.#response.end();
  }

  /** Calls once the reader has gone, or the answer has ended. */
  onClosed(listener: () => void): void {
    this.#response.once('close', listener);
  }

  /** Writes what the feed has after the last event, as far as the reader takes it. */
  #catchUp(): void {
    this.#isBlocked = false;
    this.#missedKeepAlives = 0;
    for (const event of this.#feed.recent(this.#selection.user, this.#lastId)) {
      this.#write(event);
      if (this.#isBlocked) return;
    }
    if (!this.#selection.follow) this.end();
  }

  #write(event: FeedEvent): void {
    this.#lastId = event.id;
    this.#send(`id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  #tick(): void {
    if (!this.#isBlocked) this.#send(':\n\n');
    else if (this.#missedKeepAlives > 0) this.#response.destroy();
    else this.#missedKeepAlives += 1;
  }

  #send(text: string): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#isBlocked = !this.#response.write(text);
  }
}
