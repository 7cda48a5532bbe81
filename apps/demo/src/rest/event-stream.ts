import type { ServerResponse } from 'node:http';
import type { EventFeed, FeedEvent } from '../im/event-feed.js';

/** Interval of comments that keep the connection open through proxies, in milliseconds. */
const KEEP_ALIVE_MS = 15_000;

/** The events of a response. */
interface EventSelection {
  /** Only events of this user; undefined: of all users. */
  readonly user: string | undefined;
  /** Only events after this id. */
  readonly afterId: number;
  /** Whether new events follow. */
  readonly follow: boolean;
}

/**
 * A response with server-sent events: first the events that the feed keeps, then new ones.
 *
 * A slow reader gets events at its own speed, as long as the feed keeps them. A reader that reads nothing between two
 * keep-alives is disconnected; it can reconnect with `Last-Event-ID`.
 */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #feed: EventFeed;
  readonly #selection: EventSelection;
  readonly #keepAlive: NodeJS.Timeout;
  readonly #stopFollowing: () => void;
  #lastId: number;
  /** Whether the socket's buffer is full. */
  #isBlocked = false;
  /** Keep-alives skipped since then. */
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

  /** Calls the listener once the reader has disconnected or the response has ended. */
  onClosed(listener: () => void): void {
    this.#response.once('close', listener);
  }

  /** Writes the feed's events after the last one, until the socket's buffer is full. */
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
