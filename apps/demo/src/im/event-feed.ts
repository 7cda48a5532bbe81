/** A callback that has run, as the console and `GET /api/messages` show it. */
export interface FeedEvent {
  /** Counts up from 1. */
  readonly id: number;
  /** When, as ISO 8601. */
  readonly at: string;
  /** Who was called: the server's application, or a client inside the program. */
  readonly side: 'server' | 'client';
  /** Which callback. */
  readonly event: string;
  /** The users that it is about. */
  readonly users: readonly string[];
  /** What it was given. Texts are cut at {@link MAX_TEXT} characters; passwords are never among them. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Where a text in the feed is cut off, in characters. */
const MAX_TEXT = 500;

/**
 * The last callbacks, and those who follow them.
 *
 * Keeps `maxEvents`, then forgets the oldest.
 */
export class EventFeed {
  readonly #maxEvents: number;
  readonly #wallTime: () => number;
  readonly #followers = new Set<(event: FeedEvent) => void>();
  #events: FeedEvent[] = [];
  #lastId = 0;

  constructor(maxEvents: number, wallTime: () => number) {
    this.#maxEvents = maxEvents;
    this.#wallTime = wallTime;
  }

  /** Number of those who follow. */
  get followers(): number {
    return this.#followers.size;
  }

  add(
    side: FeedEvent['side'],
    event: string,
    users: readonly string[],
    details: Readonly<Record<string, unknown>>,
  ): FeedEvent {
    this.#lastId += 1;
    const added: FeedEvent = {
      id: this.#lastId,
      at: new Date(this.#wallTime()).toISOString(),
      side,
      event,
      users: [...new Set(users)],
      details: Object.fromEntries(Object.entries(details).map(([name, value]) => [name, cut(value)])),
    };
    this.#events.push(added);
    // Twice as many may stand there, so that forgetting costs nothing each time.
    if (this.#events.length >= this.#maxEvents * 2) this.#events = this.#events.slice(-this.#maxEvents);
    for (const follower of this.#followers) follower(added);
    return added;
  }

  /** What is kept of a user, or of all, after the event `afterId`; no more of it is looked at than is taken. */
  *recent(user: string | undefined, afterId = 0): Generator<FeedEvent> {
    const events = this.#events;
    const firstId = events[0]?.id ?? 0;
    for (
      let at = Math.max(0, events.length - this.#maxEvents, afterId + 1 - firstId);
      at < events.length;
      at++
    ) {
      const event = events[at];
      if (event !== undefined && isAbout(event, user)) yield event;
    }
  }

  /** Calls with each further event of a user, or of all. Returns what ends it. */
  follow(user: string | undefined, take: (event: FeedEvent) => void): () => void {
    const follower = (event: FeedEvent): void => {
      if (isAbout(event, user)) take(event);
    };
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }
}

function isAbout({ users }: FeedEvent, user: string | undefined): boolean {
  return user === undefined || users.includes(user);
}

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
}
