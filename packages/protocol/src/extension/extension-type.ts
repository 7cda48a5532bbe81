/**
 * Packet types of the extension: 1000 to 1099 go to the server, 1100 to 1199 to the client. All have `QoS` false and no
 * fingerprint. Both sides ignore types that they do not know.
 *
 * @see docs/protocol/SPEC.md#124-new-packet-types
 */
export const ExtensionType = {
  Position: 1000,
  Sync: 1001,
  Signal: 1002,
  Mark: 1003,
  Request: 1004,
  Stored: 1100,
  Skip: 1101,
  SignalNotice: 1102,
  MarkNotice: 1103,
  Answer: 1104,
  Heads: 1105,
  Rejected: 1106,
} as const;
