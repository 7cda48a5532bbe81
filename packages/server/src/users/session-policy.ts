import { V6_DEVICE } from './user.js';

/** Which sessions of one user may be open together. */
export interface SessionPolicy {
  /**
   * `many`: one of each device. `one-per-kind`: one of each kind of device. `one`: a single one. A session that must make room for
   * a later one is kicked out with code 1. Default `many`.
   */
  readonly policy?: 'many' | 'one-per-kind' | 'one' | undefined;
  /** Whether a session of a MobileIMSDK client stays `beside` those of named devices, or is `exclusive`. Default `beside`. */
  readonly v6?: 'beside' | 'exclusive' | undefined;
  /**
   * Maximum number of named devices of a user; the one that was away the longest makes room for a new one. If all are online, the
   * one that logged in the longest ago is kicked out with code 1. Default 10.
   */
  readonly maxDevices?: number | undefined;
}

/** A device, as the policy sees it. */
export interface PolicyDevice {
  readonly id: string;
  readonly kind: string;
}

/** Whether a policy ever lets a session of another device end. */
export function mayMakeRoom({ policy = 'many', v6 = 'beside' }: SessionPolicy): boolean {
  return policy !== 'many' || v6 !== 'beside';
}

/** Whether the session of `other` must end because `device` has logged in. The rule for one device is the login's. */
export function mustMakeRoom(
  device: PolicyDevice,
  other: PolicyDevice,
  { policy = 'many', v6 = 'beside' }: SessionPolicy,
): boolean {
  if (device.id === other.id) return false;
  if (policy === 'one') return true;
  const isOfV6 = device.id === V6_DEVICE || other.id === V6_DEVICE;
  if (isOfV6) return v6 === 'exclusive';
  return policy === 'one-per-kind' && device.kind === other.kind;
}
