import type { DeviceInfo } from '@imcore/client/node';
import { printableLine } from '@imcore/server/ports';
import { formatTime } from './format-time.js';

/** How many characters of a device's ID are shown. */
const SHOWN_ID_LENGTH = 8;
/** How the device that all clients of MobileIMSDK share is called, whose ID is empty. */
const V6 = 'v6';

/** Lists the devices of a user, one per line. `now`: milliseconds since 1970. */
export function listDevices(devices: readonly DeviceInfo[], now: number): string {
  if (devices.length === 0) return 'No devices.';
  return devices.map((device) => describeDevice(device, now)).join('\n');
}

function describeDevice({ id, kind, name, seenAt, isOnline, isOwn }: DeviceInfo, now: number): string {
  const state = isOnline ? 'online' : `seen ${formatTime(seenAt, now)}`;
  const title =
    id === '' ? 'all clients of MobileIMSDK' : [kind, name].filter((word) => word !== '').join(', ');
  return [shownId(id), title, isOwn ? `${state}, this one` : state]
    .filter((column) => column !== '')
    .map(printableLine)
    .join('  ');
}

/** The beginning of a device's ID. */
export function shownId(id: string): string {
  return id === '' ? V6 : id.slice(0, SHOWN_ID_LENGTH);
}

/** Finds the devices whose ID begins with a text. */
export function devicesNamed(text: string, devices: readonly DeviceInfo[]): readonly DeviceInfo[] {
  if (text === V6) return devices.filter(({ id }) => id === '');
  const exact = devices.filter(({ id }) => id === text);
  return exact.length > 0 ? exact : devices.filter(({ id }) => id.startsWith(text));
}
