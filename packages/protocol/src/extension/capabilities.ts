import type { Random } from '../clock.js';
import type { Members } from './members.js';

/** The version of the extension that this code speaks: member `v`. */
export const EXTENSION_VERSION = 1;

/**
 * What both sides of a session can do. `log`: devices, positions, echoes, resume, requests; `sig`: signals, marks, presence;
 * `grp`: groups and heads.
 *
 * @see docs/protocol/SPEC.md#12-the-extension
 */
export type Capability = 'log' | 'sig' | 'grp';

const CAPABILITIES: readonly string[] = ['log', 'sig', 'grp'] satisfies readonly Capability[];

/** A peer of the future may have more capabilities than this code knows, but not more than these. */
const MAX_CAPABILITIES = 32;
const MAX_CAPABILITY_LENGTH = 32;

/** Number of different random capabilities. */
const RANDOM_CAPABILITIES = 0x10000;

/** Reads the members `v` and `caps`, which an offer and its answer have in common. Unknown capabilities are ignored. */
export function readCapabilities(members: Members): { version: number; capabilities: readonly Capability[] } {
  const version = members.integer('v', 1, 0x7fffffff);
  const names = members.texts('caps', MAX_CAPABILITIES, MAX_CAPABILITY_LENGTH);
  return { version, capabilities: [...new Set(names)].filter(isCapability) };
}

/**
 * Creates a capability that does not exist: `g` and four hexadecimal digits. A client offers one, so that no server depends
 * on the list.
 */
export function createRandomCapability(random: Random): string {
  const digits = Math.floor(random() * RANDOM_CAPABILITIES).toString(16);
  return `g${digits.padStart(4, '0')}`;
}

function isCapability(name: string): name is Capability {
  return CAPABILITIES.includes(name);
}
