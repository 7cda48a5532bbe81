import type { MessageStore } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import type { StoreWriter } from '../storage/store-writer.js';
import type { Outlet } from '../users/outlet.js';
import type { Device } from '../users/user.js';
import type { Devices } from './devices.js';
import { type FeedContext, FeedHost } from './feed-host.js';
import { FeedOpenings, type OpenedLog } from './feed-openings.js';
import { Requests } from './requests.js';

/** How often a feed looks at its deadlines while something is not acknowledged, in milliseconds: over a stream, and over UDP. */
const STREAM_CHECK_MS = 1000;
const DATAGRAM_CHECK_MS = 100;

/** What {@link Feeds} needs of the server. */
interface FeedParts {
  readonly runtime: Runtime;
  readonly store: MessageStore;
  readonly writer: StoreWriter;
  readonly devices: Devices;
}

/** The logs of users, as sessions that have negotiated them read them. */
export class Feeds {
  readonly openings: FeedOpenings;
  readonly requests: Requests;
  readonly devices: Devices;
  readonly #context: FeedContext;

  constructor(parts: FeedParts) {
    const { runtime, store, writer } = parts;
    const { timers } = runtime;
    this.openings = new FeedOpenings(parts);
    this.requests = new Requests(parts);
    this.devices = parts.devices;
    this.#context = {
      ...{ runtime, store, writer },
      streamChecks: timers.ring<FeedHost>(STREAM_CHECK_MS, (feed) => feed.check()),
      datagramChecks: timers.ring<FeedHost>(DATAGRAM_CHECK_MS, (feed) => feed.check()),
    };
  }

  /**
   * Creates the feed of a session, which begins when the session is attached to its device. `isProven`: the session has shown
   * already that it got a login response.
   */
  create(device: Device, session: Outlet, opened: OpenedLog, isProven: boolean): FeedHost {
    // It had acknowledged only a part of it when its last session ended, and does not acknowledge the rest again.
    if (opened.acknowledged !== undefined)
      this.#context.writer.advance(device.user.id, device.id, opened.acknowledged);
    return new FeedHost(this.#context, device, session, opened, isProven);
  }
}
