import { randomBytes } from 'node:crypto';

/**
 * The text of a notification:
 *
 * ```
 * sender (8 characters)  number (base 36)  "." for a frame, "?" for a probe  frame as base64
 * ```
 *
 * `sender` is random for each cluster object: that is how a node recognizes its own broadcasts and probes. The number makes all texts
 * of a sender different, since PostgreSQL delivers equal notifications of a transaction once.
 */
const TEXT = /^([A-Za-z0-9_-]{8})([0-9a-z]{1,11})([.?])([A-Za-z0-9+/]*={0,2})$/;

/** What a notification contains. */
interface Notice {
  readonly sender: string;
  readonly number: number;
  /** Undefined for a probe. */
  readonly frame: Uint8Array | undefined;
}

/** Writes the notifications of one node. */
export class NoticeWriter {
  readonly sender = randomBytes(6).toString('base64url');
  #count = 0;

  /** Number of the latest notification. */
  get last(): number {
    return this.#count;
  }

  frame(frame: Uint8Array): string {
    const { buffer, byteOffset, byteLength } = frame;
    return `${this.#next()}.${Buffer.from(buffer, byteOffset, byteLength).toString('base64')}`;
  }

  probe(): string {
    return `${this.#next()}?`;
  }

  #next(): string {
    this.#count += 1;
    return this.sender + this.#count.toString(36);
  }
}

/** Reads a notification. Returns `undefined` if it is none of ours. */
export function readNotice(text: string): Notice | undefined {
  const [, sender = '', number = '', kind, frame = ''] = TEXT.exec(text) ?? [];
  if (kind === undefined) return undefined;
  return {
    sender,
    number: Number.parseInt(number, 36),
    frame: kind === '.' ? Buffer.from(frame, 'base64') : undefined,
  };
}
