import { Inbox } from './inbox.js';
import type { Outlet } from './outlet.js';

/** The device that all sessions of v6 clients belong to. */
export const V6_DEVICE = '';

/** One device of a user: at most one session, and what that session has not acknowledged. */
export class Device {
  readonly id: string;
  session: Outlet | undefined = undefined;
  #inbox: Inbox | undefined = undefined;

  constructor(id: string) {
    this.id = id;
  }

  /** What it was sent and has not acknowledged; undefined where it was never sent anything. */
  get inbox(): Inbox | undefined {
    return this.#inbox;
  }

  /** The inbox, made where there is none yet. */
  openInbox(): Inbox {
    this.#inbox ??= new Inbox(this);
    return this.#inbox;
  }
}
