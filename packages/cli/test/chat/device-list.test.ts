import type { DeviceInfo } from '@imcore/client/node';
import { describe, expect, it } from 'vitest';
import { devicesNamed, listDevices } from '../../src/chat/device-list.js';

const now = new Date(2026, 10, 30, 18, 0).getTime();
const device: DeviceInfo = {
  id: '5b0c1f2e-aaaa',
  kind: 'web',
  name: 'Chrome on Mac',
  seenAt: new Date(2026, 10, 30, 9, 5).getTime(),
  isOnline: false,
  isOwn: false,
};
const v6: DeviceInfo = { ...device, id: '', kind: '', name: '', isOnline: true };

describe('the list of devices', () => {
  it('has the beginning of the ID, the kind and the name, and when the device was there', () => {
    const own = { ...device, id: 'own', name: '', isOnline: true, isOwn: true };
    expect(listDevices([device, own, v6], now)).toBe(
      [
        '5b0c1f2e  web, Chrome on Mac  seen 09:05',
        'own  web  online, this one',
        'v6  all clients of MobileIMSDK  online',
      ].join('\n'),
    );
  });

  it('escapes what other devices say about themselves', () => {
    expect(listDevices([{ ...device, name: 'x\n* forged' }], now)).not.toContain('\n');
  });

  it('finds devices by the beginning of their IDs', () => {
    const second = { ...device, id: '5b0c9999' };
    const short = { ...device, id: '5b0c' };
    expect(devicesNamed('5b0c1', [device, second])).toEqual([device]);
    expect(devicesNamed('5b0c', [device, second])).toEqual([device, second]);
    expect(devicesNamed('5b0c', [device, second, short])).toEqual([short]);
    expect(devicesNamed('v6', [device, v6])).toEqual([v6]);
    expect(devicesNamed('x', [device, v6])).toEqual([]);
  });
});
