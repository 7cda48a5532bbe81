import { type BinaryString, decodeUtf8 } from './binary-string.js';
import { encodeFrameBody } from './encode.js';
import type { Packet } from './packet.js';

/** How content stands in memory: as text, as its UTF-8 bytes, or as those bytes with the valid escapes of a JSON string. */
export type ContentForm = 'text' | 'bytes' | 'escaped';

/**
 * A packet that was read from a frame, and the bytes that stand for it.
 *
 * `body` is the received frame itself where that is exactly what {@link encodeFrameBody} would write (up to the
 * choice of escapes inside the content), so that a packet passed on costs no second serialisation; otherwise it is
 * written anew. Either way it decodes to this packet and holds nothing else: no second `from`, no unknown member.
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
  #content: string | undefined;
  #contentForm: ContentForm;
  #body: BinaryString | undefined;

  /** `body` where the received one may be passed on. */
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
    this.#content = content;
    this.#contentForm = contentForm;
    this.#body = body;
  }

  /** The content as text. Decoded when first asked for: most packets are passed on unread. */
  get dataContent(): string | undefined {
    if (this.#contentForm !== 'text') {
      const text = this.#content === undefined ? undefined : decodeUtf8(this.#content);
      this.#content = this.#contentForm === 'escaped' ? JSON.parse(`"${text}"`) : text;
      this.#contentForm = 'text';
    }
    return this.#content;
  }

  /** The bytes to pass on. */
  get body(): BinaryString {
    this.#body ??= encodeFrameBody(this);
    return this.#body;
  }
}
