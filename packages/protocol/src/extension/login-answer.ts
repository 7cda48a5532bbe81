import { type Capability, EXTENSION_VERSION, readCapabilities } from './capabilities.js';
import { MAX_EPOCH_LENGTH, MAX_MAX_FRAME_BYTES, MIN_MAX_FRAME_BYTES } from './login-offer.js';
import { type InvalidMember, isWhole, Members } from './members.js';
import { SESSION_KEY_LENGTH } from './session-key.js';

/** Largest window that a server may give, in positions. */
const MAX_WINDOW = 1024;

/** Positions that a device will not get, both included. Empty if `to` is `from - 1`. */
export interface PositionRange {
  readonly from: number;
  readonly to: number;
}

/** Where a server continues a user's log. */
export interface LogStart {
  /** The epoch of the store. */
  readonly epoch: string;
  /** The first entry that follows is the one behind it. */
  readonly position: number;
  /** The oldest position that the log still has; `last + 1` if it has none. */
  readonly first: number;
  /** The position of the newest entry; 0 for an empty log. */
  readonly last: number;
  /** How far beyond the acknowledged position the server writes. */
  readonly window: number;
  /**
   * What the device lacks and will not get, because the server cannot continue behind the client's position; absent if it can.
   * Empty if the epoch is another one and its log is empty.
   */
  readonly hole?: PositionRange | undefined;
}

/** What a server answers to an offer: member `x` of the login response's JSON. */
export interface LoginAnswer {
  readonly version: number;
  /** What was negotiated: a part of what the client has offered. */
  readonly capabilities: readonly Capability[];
  /** Always given with the capability `log`. */
  readonly log?: LogStart | undefined;
  /** The longest frame body that the server reads, in bytes. */
  readonly maxFrameBytes?: number | undefined;
  /** UDP only: see {@link createSessionKey}. */
  readonly key?: string | undefined;
}

/**
 * Reads a server's answer from the member `x` of a login response. Returns undefined if there is none: it is a v6 server.
 *
 * @see docs/protocol/SPEC.md#122-the-login
 */
export function readLoginAnswer(x: unknown): LoginAnswer | InvalidMember | undefined {
  if (x === undefined) return undefined;
  const members = new Members(x, 'x');
  const { version, capabilities } = readCapabilities(members);
  return members.result({
    version,
    capabilities,
    log: capabilities.includes('log') ? readLogStart(members) : undefined,
    maxFrameBytes: members.optionalInteger('max', MIN_MAX_FRAME_BYTES, MAX_MAX_FRAME_BYTES),
    key: members.optionalText('key', SESSION_KEY_LENGTH, SESSION_KEY_LENGTH),
  });
}

/** Returns the member `x` of a login response. */
export function loginAnswerMember(answer: Omit<LoginAnswer, 'version'>): object {
  const { capabilities, log, maxFrameBytes, key } = answer;
  return {
    v: EXTENSION_VERSION,
    caps: capabilities,
    pos: log && { e: log.epoch, s: log.position, first: log.first, last: log.last },
    win: log?.window,
    max: maxFrameBytes,
    hole: log?.hole && [log.hole.from, log.hole.to],
    key,
  };
}

function readLogStart(members: Members): LogStart {
  const start = members.object('pos');
  const last = start.position('last');
  return {
    epoch: start.text('e', 1, MAX_EPOCH_LENGTH),
    position: start.integer('s', 0, last),
    first: start.integer('first', 1, last + 1),
    last,
    window: members.integer('win', 1, MAX_WINDOW),
    hole: members.has('hole') ? readRange(members, last) : undefined,
  };
}

/** Reads `[from, to]`; `to` may be one less than `from`, and not beyond the end of the log. */
function readRange(members: Members, last: number): PositionRange {
  const [from, to, ...rest] = members.array('hole', 2);
  if (rest.length === 0 && isWhole(from, 1, last + 1) && isWhole(to, from - 1, last)) return { from, to };
  members.reject('hole', `two positions [from, to] with 1 <= from <= to + 1 <= ${last + 1}`);
  return { from: 1, to: 0 };
}
