/** A device of the user. */
export interface Device {
  /** Empty for all clients that share one device, for example those of MobileIMSDK. */
  readonly id: string;
  readonly name: string;
  readonly isOnline: boolean;
  /** Whether it is this page. */
  readonly isOwn: boolean;
  /** When it last signed in, in milliseconds since 1970, to the hour. */
  readonly seenAt: number;
}

/** The list of the user's devices; undefined before it was asked for. */
export type DeviceList =
  | { readonly state: 'loading' | 'failed' }
  | { readonly state: 'shown'; readonly devices: readonly Device[] };

/** The browser and its system, for example `Chrome on Linux`; empty if unknown. */
export function deviceName(userAgent: string): string {
  const browser = firstMatch(userAgent, [
    ['Edg/', 'Edge'],
    ['Firefox/', 'Firefox'],
    ['Chrome/', 'Chrome'],
    ['Safari/', 'Safari'],
  ]);
  const system = firstMatch(userAgent, [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS', 'Mac'],
    ['Linux', 'Linux'],
  ]);
  return browser === '' || system === '' ? browser || system : `${browser} on ${system}`;
}

function firstMatch(text: string, names: readonly (readonly [string, string])[]): string {
  return names.find(([part]) => text.includes(part))?.[1] ?? '';
}
