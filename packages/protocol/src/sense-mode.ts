/** All sense modes, in seconds. */
export const SENSE_MODES = [3, 5, 10, 15, 30, 60, 120] as const;

/** Seconds between a client's keep-alives. Client and server must use the same sense mode. */
export type SenseMode = (typeof SENSE_MODES)[number];

/** The sense modes by their names in the original SDK. */
export const SenseMode = {
  MODE_3S: 3,
  MODE_5S: 5,
  MODE_10S: 10,
  MODE_15S: 15,
  MODE_30S: 30,
  MODE_60S: 60,
  MODE_120S: 120,
} as const satisfies Record<string, SenseMode>;

/** Transports with timeouts of their own. TCP and WebSocket detect most failures themselves: shorter timeouts. */
export type TransportKind = 'tcp' | 'udp' | 'websocket';

/** The durations of a sense mode, in milliseconds. */
export interface SenseTimes {
  /** Time between a client's keep-alives. */
  readonly keepAliveIntervalMs: number;
  /** A client closes its link after this time without a keep-alive response. */
  readonly clientTimeoutMs: number;
  /** A server closes a session after this time without a complete packet. */
  readonly serverReadTimeoutMs: number;
}

/** The defaults of the original: 15 s on TCP and WebSocket, which detect most failures themselves, 3 s on UDP. */
export const DEFAULT_SENSE_MODE: Readonly<Record<TransportKind, SenseMode>> = {
  tcp: 15,
  websocket: 15,
  udp: 3,
};

/** Of each mode, in seconds: after how long a silent link is lost for the client, and for the server. */
type Silences = Readonly<Record<SenseMode, readonly [client: number, server: number]>>;

const STREAM: Silences = {
  3: [5, 7],
  5: [8, 11],
  10: [15, 15],
  15: [20, 20],
  30: [35, 35],
  60: [65, 65],
  120: [125, 125],
};

/** The original has no UDP entry for 5 s and 15 s; these two follow its pattern: two intervals plus one second. */
const DATAGRAM: Silences = {
  3: [10, 10],
  5: [11, 11],
  10: [21, 21],
  15: [31, 31],
  30: [61, 62],
  60: [121, 122],
  120: [241, 242],
};

/**
 * Returns the durations of a sense mode on a transport.
 *
 * @see docs/protocol/SPEC.md#5-keep-alive-and-time-outs
 */
export function senseTimes(mode: SenseMode, transport: TransportKind): SenseTimes {
  const [client, server] = (transport === 'udp' ? DATAGRAM : STREAM)[mode];
  return {
    keepAliveIntervalMs: mode * 1000,
    clientTimeoutMs: client * 1000,
    serverReadTimeoutMs: server * 1000,
  };
}

/** Returns whether a value is one of {@link SENSE_MODES}. */
export function isSenseMode(value: unknown): value is SenseMode {
  return SENSE_MODES.some((mode) => mode === value);
}
