import { decodeFrameBody } from '@imcore/protocol';
import type { Bridge } from '../ports/bridge.js';
import {
  type MessageStore,
  OUTBOX_ID,
  type StoredMessage,
  type StoreId,
  type WaitingMessage,
} from '../ports/message-store.js';
import type { CourierParts } from './courier-parts.js';
import { type Delivery, toMessage } from './delivery.js';
import type { Replays } from './replays.js';
import type { StoreSide } from './store-side.js';
import type { StoreWriter } from './store-writer.js';

/** Slips that are read at once: few, as everybody else waits for the turn of the event loop that they take. */
const PAGE = 64;

/**
 * Pages that the broker may have to confirm at a time. One after the other they took as long as each confirmation does,
 * and the outbox could stay behind for ever.
 */
const PAGES_UNDER_WAY = 32;

/** What became of a slip. `busy`: the broker has a copy of its message already, and its answer is to come. */
type SlipAnswer = 'done' | 'failed' | 'busy';

/**
 * Says that a message of a user's mailbox belongs to the bridge: a message to nobody, under the receiver's id as its
 * sender, whose body is the message's id in that mailbox.
 */
export function slipOf({ to, from, fingerprint }: Delivery, id: StoreId, acceptedAt: number): StoredMessage {
  return {
    to: OUTBOX_ID,
    from: to,
    fingerprint: `${id} ${from} ${fingerprint}`,
    body: String(id),
    acceptedAt,
  };
}

/** Works slips off, oldest first: publishes what they stand for, and takes both out of the store. */
export class BridgeSlips {
  readonly #parts: CourierParts;
  readonly #bridge: Bridge;
  readonly #store: MessageStore;
  readonly #writer: StoreWriter;
  readonly #replays: Replays;

  constructor(parts: CourierParts, bridge: Bridge, { store, writer, replays }: StoreSide) {
    this.#parts = parts;
    this.#bridge = bridge;
    this.#store = store;
    this.#writer = writer;
    this.#replays = replays;
  }

  /**
   * Works off what there is. Resolves with `done` when nothing is left, else with why it stopped.
   *
   * @throws StoreError when slips or messages cannot be read
   */
  async workOff(mayGoOn: () => boolean): Promise<SlipAnswer> {
    const underWay: Promise<SlipAnswer>[] = [];
    let end: SlipAnswer = 'busy';
    try {
      for (let after: StoreId | undefined; mayGoOn(); ) {
        const page = await this.#store.take(OUTBOX_ID, after, PAGE);
        if (page.length === 0) {
          end = 'done';
          break;
        }
        after = page.at(-1)?.id;
        const answers = await this.#publishPage(page);
        underWay.push(Promise.all(answers).then(worstOf));
        if (answers.includes('busy')) break;
        const oldest = underWay.length < PAGES_UNDER_WAY ? 'done' : await underWay.shift();
        if (oldest === 'failed') return 'failed';
      }
    } finally {
      await Promise.all(underWay);
    }
    return worstOf([end, ...(await Promise.all(underWay))]);
  }

  /** Hands a page to the bridge, up to a message that it has already. The answers come later. */
  async #publishPage(
    page: readonly WaitingMessage[],
  ): Promise<readonly (SlipAnswer | Promise<SlipAnswer>)[]> {
    const slips = page.filter(({ id }) => !this.#writer.isConfirming(OUTBOX_ID, id));
    const messages = await Promise.all(slips.map((slip) => this.#messageOf(slip)));
    const answers: (SlipAnswer | Promise<SlipAnswer>)[] = [];
    for (const [index, slip] of slips.entries()) {
      const message = messages[index];
      if (message !== undefined && this.#writer.isHeld(message.to, message.id)) {
        answers.push('busy');
        break;
      }
      answers.push(this.#publish(slip, message));
    }
    return answers;
  }

  /** A receiver who is here has the message from the mailbox, or will have. */
  #publish(slip: WaitingMessage, message: WaitingMessage | undefined): SlipAnswer | Promise<SlipAnswer> {
    const { directory, metrics, events } = this.#parts;
    const isHere = directory.find(slip.from)?.mailbox.session !== undefined;
    if (message === undefined || isHere) {
      this.#writer.confirm(OUTBOX_ID, slip.id);
      return 'done';
    }
    const { to, id, body, from } = message;
    this.#writer.hold(to, id);
    metrics.bridgePending += 1;
    return this.#bridge.publish({ body, isRepeatable: true, mayWait: false }).then(
      () => {
        metrics.bridgePending -= 1;
        metrics.messagesBridged += 1;
        this.#writer.confirm(to, id);
        this.#writer.confirm(OUTBOX_ID, slip.id);
        this.#writer.release(to, id);
        if (events.has('bridged')) events.emit('bridged', toMessage(decodeFrameBody(body), from));
        return 'done';
      },
      () => {
        metrics.bridgePending -= 1;
        metrics.bridgeFailures += 1;
        this.giveBack(to, id);
        return 'failed';
      },
    );
  }

  /** The broker has not got a message: a receiver who has come online here meanwhile is brought it. */
  giveBack(userId: string, id: StoreId): void {
    this.#writer.release(userId, id);
    const replay = this.#replays.of(userId);
    replay?.rewind(id);
    replay?.goOn();
  }

  /** The message that a slip stands for; undefined when its receiver has it already. */
  async #messageOf(slip: WaitingMessage): Promise<WaitingMessage | undefined> {
    const id = Number(slip.body);
    if (this.#writer.isConfirming(slip.from, id) && !this.#writer.isHeld(slip.from, id)) return undefined;
    const [message] = await this.#store.take(slip.from, id - 1, 1);
    return message?.id === id ? message : undefined;
  }
}

function worstOf(answers: readonly SlipAnswer[]): SlipAnswer {
  if (answers.includes('failed')) return 'failed';
  return answers.includes('busy') ? 'busy' : 'done';
}
