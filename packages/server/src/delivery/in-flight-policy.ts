import type { BinaryString, Instant } from '@imcore/protocol';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import type { Outlet } from '../users/outlet.js';
import type { Device, User } from '../users/user.js';
import type { Delivery, DeliveryState } from './delivery.js';

/** Decides what happens to messages in flight. There is one policy with a store and another without. */
export interface InFlightPolicy {
  /** A device is now its user's primary device, or the primary device has a new session. */
  attached(user: User, device: Device, now: Instant): void;
  /** A message was added to the inbox and is about to be written for the first time: its deadline starts. */
  written(delivery: Delivery, now: Instant): void;
  /** A receiver has acknowledged a message that was in the state `previous`, which is not `pending`. */
  acknowledged(
    delivery: Delivery,
    previous: DeliveryState,
    now: Instant,
    frame: BinaryString | undefined,
  ): void;
  /** The session of the user's primary device has ended. */
  left(user: User, device: Device): void;
  /** A user's last session has ended. */
  wentOffline(user: User): void;
}

/** Retransmits a message and restarts its deadline. On a new session it is no copy. */
export function writeAgain(
  runtime: Runtime,
  retries: DeadlineRing,
  delivery: Delivery,
  session: Outlet,
  kind: 'message' | 'copy' = 'copy',
): void {
  runtime.metrics.retransmissions += 1;
  delivery.attempts += 1;
  retries.start(delivery, runtime.clock.now());
  session.write(delivery.body, kind);
}

/** Removes a message from the receiver's inbox: it is no longer in flight. */
export function withdraw({ metrics }: Runtime, delivery: Delivery): void {
  delivery.withdraw();
  metrics.messagesInFlight -= 1;
}

/** Removes and returns everything that a device has not acknowledged, oldest first. */
export function drainInbox({ metrics }: Runtime, device: Device): readonly Delivery[] {
  const deliveries = device.inbox?.drain() ?? [];
  for (const delivery of deliveries) delivery.ring?.stop(delivery);
  metrics.messagesInFlight -= deliveries.length;
  return deliveries;
}
