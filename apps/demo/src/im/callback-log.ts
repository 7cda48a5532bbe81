import { Inject, Injectable, Logger } from '@nestjs/common';
import { EventFeed, type FeedEvent } from './event-feed.js';

/** Shows each callback twice: a line on the console, as the tutorial, and an event for `GET /api/messages`. */
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

/** `event name=value …`; texts in quotes, so that no message can write a line of its own. */
function describe({ event, details }: FeedEvent): string {
  const parts = Object.entries(details)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return [event, ...parts].join(' ');
}

/** A user id as the console shows it: plain where it is plain, else in quotes, so that no name can write a line of its own. */
export function asName(userId: string): string {
  return /^[\p{L}\p{N}_.@:-]+$/u.test(userId) ? userId : JSON.stringify(userId);
}
