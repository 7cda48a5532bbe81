import type {
  Instant,
  LogDelivery,
  LoginRequest,
  LogPosition,
  Packet,
  Random,
  TransportKind,
} from '@imcore/protocol';
import type { Effect } from './effects.js';
import type { DeviceOptions, KeptDevice, Level, StoredAs } from './level.js';
import type { LogRequest } from './log-request.js';
import type { ClientState } from './state.js';

/** Settings of a {@link SessionLog}. */
export interface LogSettings {
  readonly device: DeviceOptions;
  readonly transportKind: TransportKind;
  /** Maximum size of a received packet, in bytes; undefined if the transport does not say. */
  readonly maxReceiveBytes: number | undefined;
  /** Maximum packet size of the transport, in UTF-8 bytes. */
  readonly maxSendBytes: number;
  /** Timeout of a request, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Wait before a request is repeated on a lossy transport, in milliseconds. */
  readonly repeatRequestAfterMs: number;
}

/** What a {@link SessionLog} needs of the session's messages. */
export interface LogHost {
  /** Where it appends its effects. */
  readonly effects: Effect[];
  /** An own message is stored. Returns false if it is not pending. `to`: its receiver, if known. */
  settle(fingerprint: string, as: StoredAs, to: string | undefined, now: Instant): boolean;
  /** The server has rejected an own message. */
  reject(fingerprint: string, code: string, now: Instant): void;
  /** Whether the application has handled a message already that came without a position. */
  hasSeen(packet: Packet): boolean;
}

/**
 * The part of a session that knows the extension: devices, positions and requests. A client without storage has none, so that
 * its bundle does not contain the code.
 *
 * Pure, like the whole session. Names are public: in mini-programs it is in another file than the session.
 */
export interface SessionLog {
  /** What was agreed on with the current or last login. */
  readonly level: Level;
  readonly nextDeadline: Instant;
  /** The storage is open: which device of the user this is. */
  useDevice(userId: string, device: KeptDevice): void;
  /** Another user logs in: forgets device and position. */
  forgetUser(): void;
  /** A link is open. Returns what to offer in the login; undefined without a device. */
  offer(login: LoginRequest, roundTripMs: number | undefined): object | undefined;
  /** The server has accepted the login, with this member `x`. */
  negotiate(x: unknown, now: Instant): void;
  /** The link is lost. */
  endLink(): void;
  /** The login has ended: no request will be answered. */
  failRequests(reason: string): void;
  /** The storage will be closed by the next effect: saves the position. */
  closeStorage(): void;
  /** Adds the key of the link to the packets that are written, if it has one. */
  sign(effects: Effect[]): Effect[];
  /** Processes a packet. Returns whether nobody else must. */
  take(packet: Packet, now: Instant): boolean;
  measureRoundTrip(ms: number): void;
  /** The application has handled a message with a position (true), or has failed to: its next copy is emitted again. */
  finish(delivery: LogDelivery, isHandled: boolean, now: Instant): void;
  /** A position was stored, after `save-position`. */
  positionSaved(position: LogPosition, now: Instant): void;
  /** Makes a request, now or with the next link. */
  request(ticket: number, request: LogRequest, state: ClientState, now: Instant): void;
  /** Processes everything that is due. */
  wake(now: Instant): void;
}

/** Creates the log of a session. */
export type CreateLog = (settings: LogSettings, random: Random, host: LogHost) => SessionLog;
