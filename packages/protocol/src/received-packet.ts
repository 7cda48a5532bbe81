import { type BinaryString, decodeUtf8, isUtf8, REPLACEMENT } from './binary-string.js';
import { contentDigest } from './content-digest.js';
import { encodeFrameBody } from './encode.js';
import type { Packet } from './packet.js';

/**
 * How the content is held. `text`: as text; `replaced`: as text in which bytes that are not UTF-8 became U+FFFD. The others are
 * UTF-8 bytes: of a JSON string without escapes (`bytes`), with its escapes resolved (`unescaped`), or with them (`escaped`).
 */
type ContentForm = 'text' | 'replaced' | 'bytes' | 'unescaped' | 'escaped';

/**
 * A packet decoded from a frame, with the bytes to forward.
 *
 * `body` is the received frame body if it is canonical, that is what {@link encodeFrameBody} would write (except for
 * the escapes inside the content), so that forwarding needs no second serialization. Of a frame that is canonical but for a
 * member `x` at its end, it is the rest. Otherwise `body` is a new encoding. In all cases it decodes to this packet without
 * `x`, and contains no duplicate or unknown member.
 */
export class ReceivedPacket implements Packet {
  readonly type: number;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly fp: string | undefined;
  readonly QoS: boolean;
  readonly typeu: number;
  readonly bridge: boolean;
  readonly sm: number;
  #x: unknown;
  #content: string | undefined;
  #contentForm: ContentForm;
  #body: BinaryString | undefined;

  /** `body`: the received frame body without `x`, if it may be forwarded. */
  constructor(
    type: number,
    content: string | undefined,
    contentForm: ContentForm,
    from: string | undefined,
    to: string | undefined,
    fp: string | undefined,
    QoS: boolean,
    typeu: number,
    bridge: boolean,
    sm: number,
    x: unknown,
    body: BinaryString | undefined,
  ) {
    this.type = type;
    this.from = from;
    this.to = to;
    this.fp = fp;
    this.QoS = QoS;
    this.typeu = typeu;
    this.bridge = bridge;
    this.sm = sm;
    this.#x = x;
    this.#content = content;
    this.#contentForm = contentForm;
    this.#body = body;
  }

  /**
   * Member `x` of the extension as received, any JSON value, not validated. Undefined if it is absent, was not asked for, or was
   * dropped.
   */
  get x(): unknown {
    return this.#x;
  }

  /** Frees the memory of `x`. To be called before the packet is kept: `x` is in no account of memory. */
  dropExtension(): void {
    this.#x = undefined;
  }

  /** The content as text. Decoded on first access, because most packets are only forwarded. */
  get dataContent(): string | undefined {
    const bytes = this.#content;
    if (bytes === undefined || this.#contentForm === 'text' || this.#contentForm === 'replaced') return bytes;
    const text = decodeUtf8(bytes);
    this.#content = this.#contentForm === 'escaped' ? JSON.parse(`"${text}"`) : text;
    this.#contentForm = text.includes(REPLACEMENT) && !isUtf8(bytes) ? 'replaced' : 'text';
    return this.#content;
  }

  /**
   * Whether the content had bytes that are not UTF-8, which are U+FFFD in `dataContent`. Such content identifies nobody and
   * nothing: different bytes have become the same text.
   */
  get hasInvalidContent(): boolean {
    return this.dataContent !== undefined && this.#contentForm === 'replaced';
  }

  /** A digest of the content of {@link body}: equal in all copies of a message, whatever was read of them before. */
  get contentDigest(): number {
    const content = this.#content;
    // In these forms the content is a part of the body, as it is.
    const isPart = this.#contentForm === 'bytes' || this.#contentForm === 'escaped';
    const isKnown = isPart && content !== undefined && this.#body !== undefined && this.from !== undefined;
    return contentDigest(this.body, isKnown ? content.length : undefined);
  }

  /** The frame body to forward. */
  get body(): BinaryString {
    this.#body ??= encodeFrameBody(this);
    return this.#body;
  }
}
