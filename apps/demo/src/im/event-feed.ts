/** A callback that has run. */
export interface FeedEvent {
  /** Consecutive number, from 1. */
  readonly id: number;
  /** Time in ISO 8601. */
  readonly at: string;
  /** Whether the callback belongs to the server or to a client inside the program. */
  readonly side: 'server' | 'client';
  /** Name of the callback. */
  readonly event: string;
  /** The users it concerns. */
  readonly users: readonly string[];
  /** Its arguments. Texts are cut at {@link MAX_TEXT} characters. Never contains passwords. */
  readonly details: Readonly<Record<string, unknown>>;
}

/** Maximum length of a text in the feed, in characters. */
const MAX_TEXT = 500;

/**
 * Keeps the last `maxEvents` callbacks and notifies followers of new ones.
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

  /** Number of followers. */
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
    // Up to twice as many are kept, so that the array is not copied at each event.
    if (this.#events.length >= this.#maxEvents * 2) this.#events = this.#events.slice(-this.#maxEvents);
    for (const follower of this.#followers) follower(added);
    return added;
  }

  /** Yields the kept events of a user, or of all users, after the event `afterId`. Lazy. */
  *recent(user: string | undefined, afterId = 0): Generator<FeedEvent> {
    const events = this.#events;
    const firstId = events[0]?.id ?? 0;
    for (
      let at = Math.max(0, events.length - this.#maxEvents, afterId + 1 - firstId);
      at < events.length;
      at++
    ) {
      const event = events[at];
      if (event !== undefined && concerns(event, user)) yield event;
    }
  }

  /** Calls the listener for each new event of a user, or of all users. Returns a function that stops it. */
  follow(user: string | undefined, listener: (event: FeedEvent) => void): () => void {
    const follower = (event: FeedEvent): void => {
      if (concerns(event, user)) listener(event);
    };
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }
}

function concerns({ users }: FeedEvent, user: string | undefined): boolean {
  return user === undefined || users.includes(user);
}

function cut(value: unknown): unknown {
  return typeof value === 'string' && value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value;
}
