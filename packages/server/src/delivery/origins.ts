import { DeliveryError } from '../errors.js';
import type { UndeliveredReason } from '../events.js';
import type { SendOutcome } from '../hooks.js';
import type { Delivery, Origin } from './delivery.js';

/** Called once, when the message of a {@link PromiseOrigin} has an outcome. */
interface PromiseOriginOwner {
  settled(delivery: Delivery): void;
}

/** The origin of a message of `ImServer.send`: settles the caller's promise. */
export class PromiseOrigin implements Origin {
  readonly asksHook = false;
  readonly outcome: Promise<SendOutcome>;
  readonly #owner: PromiseOriginOwner;
  #resolve: (outcome: SendOutcome) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(owner: PromiseOriginOwner) {
    this.#owner = owner;
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  accepted(delivery: Delivery, outcome: SendOutcome): void {
    this.#owner.settled(delivery);
    this.#resolve(outcome);
  }

  failed(delivery: Delivery, reason: UndeliveredReason): void {
    this.#owner.settled(delivery);
    this.#reject(toDeliveryError(delivery, reason));
  }

  /** Does nothing: the caller is not a peer that could be paused. `maxBufferedBytes` bounds what waits. */
  waitFor(): void {}
}

/** The origin of messages that are read from the store: their senders have already been acknowledged. */
export const storedOrigin: Origin = {
  asksHook: false,
  accepted() {},
  failed() {},
  waitFor() {},
};

/** The error for the sender of a message that no route accepted. */
export function toDeliveryError(delivery: Delivery, reason: UndeliveredReason): DeliveryError {
  const { to, body } = delivery;
  switch (reason) {
    case 'not-acknowledged':
      return new DeliveryError(
        'ERR_NOT_ACKNOWLEDGED',
        `user ${to} did not acknowledge any of ${delivery.attempts} copies`,
      );
    case 'too-large':
      return new DeliveryError(
        'ERR_TOO_LARGE',
        `the packet has ${body.length} bytes, more than the transport of user ${to} carries`,
      );
    case 'offline':
      return new DeliveryError('ERR_UNDELIVERABLE', `user ${to} is not online and there is no store`);
    case 'slow-receiver':
      return new DeliveryError('ERR_UNDELIVERABLE', `user ${to} reads too slowly and there is no store`);
    case 'queue-full':
      return new DeliveryError('ERR_UNDELIVERABLE', `the queue of user ${to} in the store is full`);
    case 'store-full':
      return new DeliveryError(
        'ERR_UNDELIVERABLE',
        `the store is full: the message to user ${to} was not stored`,
      );
    case 'store':
      return new DeliveryError('ERR_UNDELIVERABLE', `the store failed to store the message to user ${to}`);
    default:
      return reason satisfies never;
  }
}
