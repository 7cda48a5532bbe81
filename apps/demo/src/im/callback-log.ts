import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventFeed, type FeedEvent } from './event-feed.js';

/** Records each callback as a line on the console, as in the tutorial, and as an event for `GET /api/messages`. */
@Injectable()
export class CallbackLog {
  readonly #feed: EventFeed;
  readonly #logger = new Logger('callback');

  constructor(@Inject(EventFeed) feed: EventFeed) {
    this.#feed = feed;
  }

  server(event: string, users: readonly string[], details: Readonly<Record<string, unknown>>): void {
    this.#logger.log(`[server] ${describe(this.#feed.add('server', event, users, details))}`);
  }

  client(userId: string, event: string, details: Readonly<Record<string, unknown>>): void {
    this.#logger.log(
      `[client ${asName(userId)}] ${describe(this.#feed.add('client', event, [userId], details))}`,
    );
  }
}

/** Formats an event as `event name=value …`. Values are JSON, so that a message cannot forge a log line. */
function describe({ event, details }: FeedEvent): string {
  const parts = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [event, ...parts].join(' ');
}

/** Formats a user id for the console. Unusual ids are JSON, so that an id cannot forge a log line. */
export function asName(userId: string): string {
  return /^[\p{L}\p{N}_.@:-]+$/u.test(userId) ? userId : JSON.stringify(userId);
}
