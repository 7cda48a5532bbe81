import {
  encodePacket,
  InvalidMember,
  type LoginRequest,
  type LogPosition,
  type LogStart,
  loginOfferMember,
  loginPacket,
  MAX_MAX_FRAME_BYTES,
  MIN_MAX_FRAME_BYTES,
  ProtocolError,
  type Random,
  readLoginAnswer,
  withExtension,
} from '@imcore/protocol';
import type { Effect } from '../effects.js';
import { UsageError } from '../errors.js';
import type { Level } from '../level.js';
import type { LogSettings } from '../session-log.js';
import { utf8Length } from '../utf8-length.js';

/**
 * What a client and its server agree on in a login: whether there is a log, and on UDP the key of the link.
 *
 * @see docs/protocol/SPEC.md#122-the-login
 */
export class Negotiation {
  readonly #settings: LogSettings;
  readonly #random: Random;
  readonly #effects: Effect[];
  #level: Level = 'v6';
  #link: 'down' | 'offered' | 'v6' | 'negotiated' = 'down';
  #key: string | undefined;

  /** Appends `level` and `error` to `effects`. */
  constructor(settings: LogSettings, random: Random, effects: Effect[]) {
    this.#settings = settings;
    this.#random = random;
    this.#effects = effects;
  }

  /** The result of the current or last login. */
  get level(): Level {
    return this.#level;
  }

  /** The state of the link: `offered` until the login is answered. */
  get link(): 'down' | 'offered' | 'v6' | 'negotiated' {
    return this.#link;
  }

  /** Only on UDP: each datagram but logins must have it. */
  get key(): string | undefined {
    return this.#key;
  }

  /**
   * A link is open. Returns what to offer; undefined without a device, or if the login with the offer is too long for the
   * transport.
   */
  offer(id: string | undefined, position: LogPosition | undefined, login: LoginRequest): object | undefined {
    this.#key = undefined;
    this.#link = id === undefined ? 'down' : 'offered';
    if (id === undefined) return undefined;
    const { device, maxReceiveBytes, maxSendBytes } = this.#settings;
    const { kind = '', name = '' } = device;
    const maxFrameBytes = frameLimit(maxReceiveBytes);
    const offer = { capabilities: ['log' as const], device: { id, kind, name }, position, maxFrameBytes };
    const x = loginOfferMember(offer, this.#random);
    const bytes = utf8Length(encodePacket(loginPacket({ ...login, x })));
    if (bytes <= maxSendBytes) return x;
    const text = `the login with the device has ${bytes} bytes, the limit is ${maxSendBytes}: shorten token or extra`;
    this.#effects.push({ kind: 'error', error: new UsageError('ERR_INVALID_ARGUMENT', text) });
    return undefined;
  }

  /** The login is accepted. Returns where the log continues; undefined if there is none. */
  answered(x: unknown): LogStart | undefined {
    const answer = this.#link === 'offered' ? readLoginAnswer(x) : undefined;
    if (answer instanceof InvalidMember) this.#effects.push(invalidPacket(answer));
    const { log, key } = answer === undefined || answer instanceof InvalidMember ? {} : answer;
    this.#link = log === undefined ? 'v6' : 'negotiated';
    this.#key = log && key;
    const level = log === undefined ? 'v6' : 1;
    if (this.#level !== level) this.#effects.push({ kind: 'level', level });
    this.#level = level;
    return log;
  }

  /** The link is lost. The last packets, which are among the effects already, still have its key. */
  ended(): void {
    this.#link = 'down';
  }

  /** Adds the key to the packets that are written. */
  sign(effects: Effect[]): Effect[] {
    if (this.#key === undefined) return effects;
    const x = JSON.stringify({ a: this.#key });
    return effects.map((effect) =>
      effect.kind === 'write' && effect.isSigned !== true
        ? { ...effect, frame: withExtension(effect.frame, x) }
        : effect,
    );
  }
}

/** Reports a packet of the server. */
export function invalidPacket({ message }: InvalidMember): Effect {
  const error = new ProtocolError('ERR_INVALID_FIELD', `the server sent an invalid packet: ${message}`);
  return { kind: 'error', error };
}

/** What the transport reads, as far as the extension can say it. */
function frameLimit(bytes: number | undefined): number | undefined {
  if (bytes === undefined || bytes < MIN_MAX_FRAME_BYTES) return undefined;
  return Math.min(bytes, MAX_MAX_FRAME_BYTES);
}
