import { type BinaryString, type Instant, SERVER_ID } from '@imcore/protocol';
import type { Route, RouteAnswer } from '../ports/route.js';
import type { Runtime } from '../runtime.js';
import type { Outlet } from '../users/outlet.js';
import type { Device, User } from '../users/user.js';
import type { Delivery, Origin } from './delivery.js';
import type { InFlightPolicy } from './in-flight-policy.js';

/**
 * Whether a message must wait until the receiver's queue is read, because its sender may have stored earlier ones at another
 * server. Then the read has been started.
 */
export type MustLook = (receiver: User, origin: Origin) => boolean;

/** Delivers messages to users who are online on this server. */
export class LocalRoute implements Route {
  readonly name = 'local';
  readonly #runtime: Runtime;
  readonly #policy: InFlightPolicy;
  readonly #mustLook: MustLook | undefined;
  readonly #hasLogs: boolean;

  /** `hasLogs`: there is a store. `mustLook`: for a server in a cluster. */
  constructor(runtime: Runtime, policy: InFlightPolicy, hasLogs: boolean, mustLook?: MustLook) {
    this.#runtime = runtime;
    this.#policy = policy;
    this.#hasLogs = hasLogs;
    this.#mustLook = mustLook;
  }

  take(delivery: Delivery, receiver: User | undefined, now: Instant): RouteAnswer {
    if (receiver === undefined || !receiver.isOnline) return 'offline';
    const { fingerprint } = delivery;
    if (fingerprint !== undefined && this.#isLogged(delivery, receiver)) return 'store';
    const device = receiver.primary;
    const session = device?.session;
    if (device === undefined || session === undefined) return this.#writeToFeeds(delivery, receiver, now);
    if (delivery.body.length > session.maxSendBytes) return 'too-large';
    if (session.isStuck(now)) return 'slow-receiver';
    if (fingerprint === undefined) this.#writeOnce(delivery, session, now);
    else if (receiver.queue?.isBehind === true) return 'store';
    else if (this.#mustLook?.(receiver, delivery.origin) === true) {
      this.#runtime.metrics.clusterLooks += 1;
      return 'store';
    } else if (!device.openInbox().add(fingerprint, delivery)) return 'not-acknowledged';
    else {
      this.#runtime.metrics.messagesInFlight += 1;
      delivery.attempts = 1;
      this.#policy.written(delivery, now);
      if (!session.write(delivery.body)) delivery.origin.waitFor(session);
    }
    if (receiver.named !== undefined) copyToOthers(delivery, receiver, device);
    return 'taken';
  }

  /** Whether a message goes through logs, so that devices that are not online learn of it, too. */
  #isLogged({ origin }: Delivery, { usesLog, feedSessions }: User): boolean {
    return this.#hasLogs && (feedSessions > 0 || usesLog !== false || origin.usesLog === true);
  }

  /** Writes a message without QoS to a receiver that has feeds only. */
  #writeToFeeds(delivery: Delivery, receiver: User, now: Instant): RouteAnswer {
    const sessions = receiver
      .onlineDevices()
      .flatMap(({ session }) => (session === undefined ? [] : [session]));
    const able = sessions.filter(({ maxSendBytes }) => delivery.body.length <= maxSendBytes);
    const [first, ...others] = able;
    if (first === undefined) return 'too-large';
    this.#writeOnce(delivery, first, now);
    for (const session of others) session.write(delivery.body);
    return 'taken';
  }

  /**
   * A receiver has acknowledged. `frame` is the receiver's own packet, if it can be forwarded to the sender unchanged.
   * Returns false for an acknowledgement that is late, repeated, forged or unknown.
   */
  acknowledge(
    receiver: User,
    device: Device,
    fingerprint: string,
    from: string | undefined,
    now: Instant,
    frame: BinaryString | undefined,
  ): boolean {
    const delivery = device.inbox?.take(fingerprint, from);
    if (delivery === undefined) return false;
    delivery.ring?.stop(delivery);
    const { metrics, events } = this.#runtime;
    metrics.messagesInFlight -= 1;
    metrics.messagesDelivered += 1;
    if (events.has('received'))
      events.emit('received', { userId: receiver.id, from: delivery.from, fingerprint, deviceId: device.id });
    this.#reportDelivered(delivery);
    const previous = delivery.state;
    delivery.moveTo('acknowledged');
    if (previous === 'pending' && delivery.position === undefined)
      delivery.origin.accepted(delivery, 'received', now, frame);
    else this.#policy.acknowledged(delivery, previous, now, frame);
    if (receiver.queue?.isBehind === true) receiver.queue.resume();
    return true;
  }

  /** A device of a user has a session, which may replace an earlier one. */
  attach(user: User, device: Device, session: Outlet, now: Instant): void {
    if (device.feed !== undefined && device.session === undefined) user.feedSessions += 1;
    device.session = session;
    if (device.feed !== undefined) {
      device.feed.start();
      return;
    }
    user.primary = device;
    this.#policy.attached(user, device, now);
  }

  /**
   * A device's session has ended. The next route gets what the device has not acknowledged, in order. Returns whether the
   * user went offline with it; listeners may end other sessions of the user meanwhile.
   */
  detach(user: User, device: Device): boolean {
    device.session = undefined;
    if (device.feed !== undefined) {
      user.feedSessions -= 1;
      device.feed.end();
      device.feed = undefined;
    } else {
      user.primary = undefined;
      this.#policy.left(user, device);
    }
    if (user.isOnline) return false;
    this.#policy.wentOffline(user);
    return true;
  }

  /** Writes a message without QoS: no acknowledgement is expected. */
  #writeOnce(delivery: Delivery, session: Outlet, now: Instant): void {
    const hasRoom = session.write(delivery.body);
    this.#runtime.metrics.messagesDelivered += 1;
    delivery.moveTo('acknowledged');
    delivery.origin.accepted(delivery, 'written', now);
    this.#reportDelivered(delivery);
    if (!hasRoom) delivery.origin.waitFor(session);
  }

  #reportDelivered(delivery: Delivery): void {
    if (delivery.from !== SERVER_ID && this.#runtime.events.has('delivered'))
      this.#runtime.events.emit('delivered', delivery.message);
  }
}

/** Writes a copy to the user's other online devices. */
function copyToOthers({ body }: Delivery, receiver: User, primary: Device): void {
  for (const device of receiver.onlineDevices()) {
    const { session } = device;
    if (device !== primary && session !== undefined && body.length <= session.maxSendBytes)
      session.write(body);
  }
}
