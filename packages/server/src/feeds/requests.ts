import type { RequestPacket } from '@imcore/protocol';
import type { HandlerSession } from '../handlers/handler.js';
import { toKeptMessage } from '../message.js';
import type { KeptRecord, MessageStore } from '../ports/message-store.js';
import type { Runtime } from '../runtime.js';
import { V6_DEVICE } from '../users/user.js';
import type { Devices } from './devices.js';

/** Number of items of an answer if the request names none. */
const DEFAULT_LIMIT = 50;

/** The shortest message as an item of an answer, in bytes: no more are read than may fit into a frame. */
const MIN_ITEM_BYTES = 64;

/** Items of an answer, and whether there are more. */
interface Items {
  readonly items: readonly unknown[];
  readonly hasMore: boolean;
}

/** Gets the items for a request. */
export type ItemSource = (request: RequestPacket, session: HandlerSession) => Promise<Items>;

/** What {@link Requests} needs of the server. */
interface RequestParts {
  readonly runtime: Runtime;
  readonly store: MessageStore;
  readonly devices: Devices;
}

/**
 * The requests that a client can make: by operation.
 *
 * @see docs/protocol/SPEC.md#124-new-packet-types
 */
export class Requests {
  readonly #parts: RequestParts;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Returns what gets the items, or the code of the answer. */
  find({ operation, conversation, parameters }: RequestPacket, session: HandlerSession): ItemSource | string {
    const { keepsHistory } = this.#parts.store;
    switch (operation) {
      case 'history':
      case 'conversations':
        if (!session.connection.isReliable) return 'ERR_USE_A_STREAM';
        if (!keepsHistory) return 'ERR_NO_HISTORY';
        if (operation === 'conversations')
          return (request, { user }) =>
            this.#conversations(user?.id ?? '', request, this.#limitOf(request, session));
        if (conversation === undefined) return 'ERR_INVALID_REQUEST';
        return (request, { user }) =>
          this.#history(user?.id ?? '', conversation, request, this.#limitOf(request, session));
      case 'devices':
        return (_request, { user, device }) => this.#devices(user?.id ?? '', device?.id);
      case 'removeDevice': {
        const { id } = parameters;
        if (typeof id !== 'string' || id === V6_DEVICE) return 'ERR_INVALID_REQUEST';
        return async (_request, { user }) => {
          const wasThere = await this.#parts.devices.remove(user?.id ?? '', id);
          return { items: wasThere ? [id] : [], hasMore: false };
        };
      }
      default:
        return 'ERR_UNKNOWN_OPERATION';
    }
  }

  /** How many messages are read: what may fit into the answer, and into memory. */
  #limitOf({ limit = DEFAULT_LIMIT }: RequestPacket, { outlet }: HandlerSession): number {
    const fitting = Math.ceil(outlet.maxSendBytes / MIN_ITEM_BYTES);
    return Math.min(limit, fitting, this.#parts.runtime.underWay.maxPage);
  }

  async #history(userId: string, other: string, { before }: RequestPacket, limit: number): Promise<Items> {
    const records = await this.#parts.store.history({ a: userId, b: other, before, limit });
    return { items: records.map(toItem), hasMore: records.length === limit };
  }

  async #conversations(userId: string, { before }: RequestPacket, limit: number): Promise<Items> {
    const found = await this.#parts.store.conversations({ userId, before, limit });
    const items = found.map(({ with: c, last, waiting }) => ({ c, waiting, last: toItem(last) }));
    return { items, hasMore: found.length === limit };
  }

  async #devices(userId: string, own: string | undefined): Promise<Items> {
    const items = (await this.#parts.devices.list(userId)).map(({ id, kind, name, seenAt, isOnline }) => {
      return { id, kind, name, seen: seenAt, on: isOnline, own: id === own };
    });
    return { items, hasMore: false };
  }
}

/** An item that is too long for an answer, without the content of its message; `cut` tells the client. */
export function cutItem(item: unknown): unknown {
  if (typeof item !== 'object' || item === null) return item;
  if ('last' in item) return { ...item, last: cutItem(item.last) };
  return 'content' in item ? { ...item, content: '', cut: true } : item;
}

/** A message as an item of an answer. */
function toItem(record: KeptRecord): object {
  const { id, message, acceptedAt } = toKeptMessage(record);
  const { from, to, content, type, fingerprint } = message;
  return { i: id, t: acceptedAt, from, to, content, typeu: type, fp: fingerprint };
}
