import type { BinaryString, Instant } from '@imcore/protocol';
import type { Runtime } from '../runtime.js';
import type { DeadlineRing } from '../timers/deadline-queue.js';
import type { Device } from '../users/device.js';
import type { Outlet } from '../users/outlet.js';
import type { User } from '../users/user.js';
import type { Delivery, DeliveryState } from './delivery.js';

/** What happens to messages that sessions were written and have not acknowledged. Another thing with a store than without. */
export interface InFlightPolicy {
  /** A device is responsible for what its user is sent from now on, or has another session than before. */
  attached(user: User, device: Device, now: Instant): void;
  /** A message was put into the inbox, and is about to be written for the first time: its deadline starts. */
  written(delivery: Delivery, now: Instant): void;
  /** A receiver has acknowledged a message whose `previous` state was not `pending`. */
  acknowledged(
    delivery: Delivery,
    previous: DeliveryState,
    now: Instant,
    frame: BinaryString | undefined,
  ): void;
  /** The device that was responsible has no session any more. */
  left(user: User, device: Device): void;
}

/** Writes a message again, and starts its wait for an acknowledgement anew. */
export function writeAgain(
  runtime: Runtime,
  retries: DeadlineRing,
  delivery: Delivery,
  session: Outlet,
): void {
  runtime.metrics.retransmissions += 1;
  delivery.attempts += 1;
  retries.start(delivery, runtime.clock.now());
  session.write(delivery.body);
}

/** A message is no longer with its receiver. */
export function withdraw({ metrics }: Runtime, delivery: Delivery): void {
  delivery.withdraw();
  metrics.messagesInFlight -= 1;
}

/** Takes out everything that a device has not acknowledged, oldest first. */
export function drainInbox({ metrics }: Runtime, device: Device): readonly Delivery[] {
  const deliveries = device.inbox?.drain() ?? [];
  for (const delivery of deliveries) delivery.ring?.stop(delivery);
  metrics.messagesInFlight -= deliveries.length;
  return deliveries;
}
