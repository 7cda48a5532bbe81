import type { LoginOffer, LogStart } from '@imcore/protocol';
import { bytesOfEntries } from '../delivery/bytes-under-way.js';
import type { HandlerSession } from '../handlers/handler.js';
import type { LogPage, MessageStore, Position, StoredDevice } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import { type Devices, SEEN_EVERY_MS, v6Device } from './devices.js';
import { feedStart } from './log-start.js';

/** A window of a session over streams, and over UDP, in entries. */
const STREAM_WINDOW = 64;
const DATAGRAM_WINDOW = 16;

/** A log that was opened for a device at its login. */
export interface OpenedLog {
  readonly device: StoredDevice;
  /** What the device says that it has, if the store does not know that yet. */
  readonly acknowledged: Position | undefined;
  /** All devices of the user that were known before. */
  readonly others: readonly StoredDevice[];
  readonly start: LogStart;
  /** The first entries behind the start; undefined if they must be read. */
  readonly page: LogPage | undefined;
  /** How many entries `page` may have. */
  readonly pageLimit: number;
  /** The longest frame body that transport and client can read, in bytes. */
  readonly maxFrameBytes: number;
}

/** What {@link FeedOpenings} needs of the server. */
interface OpeningParts {
  readonly runtime: Runtime;
  readonly store: MessageStore;
  readonly devices: Devices;
}

/** The session that logs in. */
type OpeningSession = Pick<HandlerSession, 'isOpen' | 'connection'>;

/** Opens the log of a user for a device that logs in: registers the device, and decides where its feed begins. */
export class FeedOpenings {
  readonly #parts: OpeningParts;
  #epoch: Promise<string> | undefined;

  constructor(parts: OpeningParts) {
    this.#parts = parts;
  }

  /**
   * Returns undefined for a client without a device, or one that has left meanwhile: the store may be closed by then.
   *
   * @throws StoreError if the store fails, or does not answer in time
   */
  async open(userId: string, offer: LoginOffer, session: OpeningSession): Promise<OpenedLog | undefined> {
    if (offer.device === undefined) return undefined;
    const { store, runtime } = this.#parts;
    const { id, kind, name } = offer.device;
    const [epoch, devices] = await Promise.all([this.#readEpoch(), store.devices(userId)]);
    if (!session.isOpen) return undefined;
    const known = devices.find((device) => device.id === id);
    const window = session.connection.isReliable ? STREAM_WINDOW : DATAGRAM_WINDOW;
    // Without a position the page may be another one than that which is needed; `removed` and `last` are right.
    const after = offer.position?.position ?? known?.position ?? 0;
    const pageLimit = Math.min(window, runtime.underWay.maxPage);
    const page = await store.read(userId, after, pageLimit);
    if (!session.isOpen) return undefined;
    const { removed, last } = page;
    const { position, hole } = feedStart(
      { epoch, removed, last, stored: known?.position, isFirstDevice: devices.length === 0 },
      offer.position,
    );
    const device = { id, kind, name, position, seenAt: runtime.clock.wallTime() };
    const bytes = bytesOfEntries(page.entries);
    runtime.underWay.addOfReceiver(bytes);
    try {
      if (known === undefined) await this.#add(userId, device, devices, session);
      else if (mustUpdate(known, device)) await store.putDevice(userId, device);
    } finally {
      // From now on the feed counts it.
      runtime.underWay.addOfReceiver(-bytes);
    }
    const start = { epoch, position, first: removed + 1, last, window, hole };
    const { maxSendBytes } = session.connection;
    const maxFrameBytes = Math.min(maxSendBytes, offer.maxFrameBytes ?? maxSendBytes);
    const firstPage = position === after ? page : undefined;
    // Behind a hole it is the server that says where the log continues, and a repeated login is told another place.
    const isNews = known !== undefined && hole === undefined && position > known.position;
    const acknowledged = isNews ? position : undefined;
    return { device, acknowledged, others: devices, start, page: firstPage, pageLimit, maxFrameBytes };
  }

  /** If the session ends meanwhile, nothing more is written: the store may be closed. */
  async #add(
    userId: string,
    device: StoredDevice,
    others: readonly StoredDevice[],
    session: OpeningSession,
  ): Promise<void> {
    const { store, devices } = this.#parts;
    await devices.makeRoomInStore(userId, others, session);
    if (!session.isOpen) return;
    // The user may have a v6 client that the store does not know of: what it has not taken is kept until it expires.
    if (others.length === 0) await store.putDevice(userId, v6Device(device.seenAt));
    if (!session.isOpen) return;
    await store.putDevice(userId, device);
    devices.added(userId, device);
  }

  /** Asked once; after a failure again. */
  #readEpoch(): Promise<string> {
    this.#epoch ??= this.#parts.store.epoch().catch((error: unknown) => {
      this.#epoch = undefined;
      throw error;
    });
    return this.#epoch;
  }
}

function mustUpdate(known: StoredDevice, device: StoredDevice): boolean {
  if (known.kind !== device.kind || known.name !== device.name) return true;
  return device.seenAt - known.seenAt >= SEEN_EVERY_MS;
}
