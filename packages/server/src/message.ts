/** What users exchange. */
export interface Message {
  /** Sender's user id; `"0"` for the server. */
  readonly from: string;
  /** Receiver's user id; `"0"` for the server. */
  readonly to: string;
  readonly content: string;
  /** The application's own message type, a 32-bit number; -1 for none. */
  readonly type: number;
  /** The message's id, unique per sender; undefined only where `qos` is false and the sender chose none. */
  readonly fingerprint: string | undefined;
  /** Whether the receiver acknowledges it. */
  readonly qos: boolean;
  /** Whether it came over the bridge to another system. */
  readonly bridged: boolean;
}
