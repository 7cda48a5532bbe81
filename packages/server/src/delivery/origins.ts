import { DeliveryError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { Delivery, Origin } from './delivery.js';

/** The origin of messages that have one caller in this process: each settles one promise. */
export class PromiseOrigin implements Origin {
  readonly asksHook = false;
  readonly outcome: Promise<SendOutcome>;
  #resolve: (outcome: SendOutcome) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor() {
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  accepted(_delivery: Delivery, outcome: SendOutcome): void {
    this.#resolve(outcome);
  }

  failed(delivery: Delivery, reason: UndeliveredReason): void {
    this.#reject(toDeliveryError(delivery, reason));
  }

  /** The caller is not a peer whose reading could be paused; what waits is bounded by the slow reader's limit. */
  waitFor(): void {}
}

/** The origin of messages out of the store: their senders were acknowledged long ago. */
export const storedOrigin: Origin = {
  asksHook: false,
  accepted() {},
  failed() {},
  waitFor() {},
};

/** The error that tells the sender of a message why no route took it. */
export function toDeliveryError(delivery: Delivery, reason: UndeliveredReason): DeliveryError {
  const { to, body } = delivery;
  switch (reason) {
    case 'not-acknowledged':
      return new DeliveryError(
        'ERR_NOT_ACKNOWLEDGED',
        `user ${to} did not acknowledge within ${delivery.attempts} copies`,
      );
    case 'too-large':
      return new DeliveryError(
        'ERR_TOO_LARGE',
        `the packet of ${body.length} bytes is longer than the transport of user ${to} carries`,
      );
    case 'offline':
      return new DeliveryError(
        'ERR_UNDELIVERABLE',
        `user ${to} is not online and no store keeps the message`,
      );
    case 'slow-receiver':
      return new DeliveryError(
        'ERR_UNDELIVERABLE',
        `user ${to} reads too slowly and no store keeps the message`,
      );
    case 'queue-full':
      return new DeliveryError('ERR_UNDELIVERABLE', `too many messages wait for user ${to} in the store`);
    case 'store':
      return new DeliveryError('ERR_UNDELIVERABLE', `the store did not take the message to user ${to}`);
    default:
      return reason satisfies never;
  }
}
