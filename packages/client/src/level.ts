import type { LogPosition } from '@imcore/protocol';

/**
 * What a session and its server have agreed on: `'v6'`, the protocol of MobileIMSDK and nothing else; or 1, the extension with
 * devices, positions and requests.
 *
 * @see docs/protocol/SPEC.md#12-the-extension
 */
export type Level = 'v6' | 1;

/** The device that a program is for one user, as its storage keeps it. */
export interface KeptDevice {
  /** 1 to 64 characters. */
  readonly id: string;
  /** Undefined before the first login. */
  readonly position: LogPosition | undefined;
}

/** What a device says about itself to the server and to the user's other devices. */
export interface DeviceOptions {
  /** `ios`, `android`, `web`, `desktop`, `bot`, or another word of up to 16 characters. Default: empty. */
  readonly kind?: string | undefined;
  /** For people, up to 64 characters. Default: empty. */
  readonly name?: string | undefined;
}

/** Where a message that was sent is stored. */
export interface StoredAs {
  readonly messageId: number;
  readonly position: number;
  readonly serverTime: number;
}
