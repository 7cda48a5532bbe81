import type { Random } from '../clock.js';
import {
  type Capability,
  createRandomCapability,
  EXTENSION_VERSION,
  readCapabilities,
} from './capabilities.js';
import { type InvalidMember, Members } from './members.js';

/** Limits of what a device says about itself, in UTF-16 code units. */
const MAX_DEVICE_ID_LENGTH = 64;
const MAX_DEVICE_KIND_LENGTH = 16;
const MAX_DEVICE_NAME_LENGTH = 64;

/** Maximum length of an epoch, in UTF-16 code units. */
export const MAX_EPOCH_LENGTH = 64;

/** Smallest frame body that a peer may say it can read, in bytes. */
export const MIN_MAX_FRAME_BYTES = 1024;
/** Largest frame body that a peer may say it can read, in bytes. */
export const MAX_MAX_FRAME_BYTES = 0x100_0000;

/** A client's device. */
export interface DeviceDescription {
  /** Chosen by the client and kept in its storage: 1 to 64 characters. */
  readonly id: string;
  /** `ios`, `android`, `web`, `desktop`, `bot`, or another word of up to 16 characters; empty if unknown. */
  readonly kind: string;
  /** For people, up to 64 characters; may be empty. */
  readonly name: string;
}

/** How far a device has a user's log. */
export interface LogPosition {
  /** The epoch in which the position was given, 1 to 64 characters. */
  readonly epoch: string;
  /** The device has everything up to it; 0: nothing. */
  readonly position: number;
}

/** What a client offers in its login: member `x` of the login's JSON. */
export interface LoginOffer {
  /** 1 for this code; a later version means the same with the members that this code knows. */
  readonly version: number;
  /** The offered capabilities that this code knows. */
  readonly capabilities: readonly Capability[];
  /** Always given with the capability `log`. */
  readonly device?: DeviceDescription | undefined;
  /** Absent on a device that has no position yet. */
  readonly position?: LogPosition | undefined;
  /** The longest frame body that the client reads, in bytes. Absent: as a v6 client on that transport. */
  readonly maxFrameBytes?: number | undefined;
}

/**
 * Reads a client's offer from the member `x` of a login. Returns undefined if there is none: the session is not negotiated.
 * An offer with an invalid member is not negotiated either; the caller reports it.
 *
 * @see docs/protocol/SPEC.md#122-the-login
 */
export function readLoginOffer(x: unknown): LoginOffer | InvalidMember | undefined {
  if (x === undefined) return undefined;
  const members = new Members(x, 'x');
  const { version, capabilities } = readCapabilities(members);
  const device = capabilities.includes('log') ? members.object('dev') : members.optionalObject('dev');
  const position = members.optionalObject('pos');
  return members.result({
    version,
    capabilities,
    device: device && {
      id: device.text('id', 1, MAX_DEVICE_ID_LENGTH),
      kind: device.optionalText('kind', 0, MAX_DEVICE_KIND_LENGTH) ?? '',
      name: device.optionalText('name', 0, MAX_DEVICE_NAME_LENGTH) ?? '',
    },
    position: position && {
      epoch: position.text('e', 1, MAX_EPOCH_LENGTH),
      position: position.position('s'),
    },
    maxFrameBytes: members.optionalInteger('max', MIN_MAX_FRAME_BYTES, MAX_MAX_FRAME_BYTES),
  });
}

/** Returns the member `x` of a login, with one random capability. */
export function loginOfferMember(offer: Omit<LoginOffer, 'version'>, random: Random): object {
  const { capabilities, device, position, maxFrameBytes } = offer;
  return {
    v: EXTENSION_VERSION,
    caps: [...capabilities, createRandomCapability(random)],
    dev: device && {
      id: device.id,
      kind: device.kind || undefined,
      name: device.name || undefined,
    },
    pos: position && { e: position.epoch, s: position.position },
    max: maxFrameBytes,
  };
}
