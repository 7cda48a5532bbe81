import { useEffect } from 'preact/hooks';
import { shortText } from '../model/dates.js';
import type { Device, DeviceList } from '../model/device.js';
import { usePage } from './context.js';

/** The user's devices, each with a button to sign it out. */
export function Devices({ list }: { readonly list: DeviceList | undefined }) {
  const { texts, dispatch } = usePage();
  useEffect(() => dispatch({ kind: 'devices-wanted' }), []);
  if (list === undefined) return null;
  return (
    <section class="devices" aria-labelledby="devices-title">
      <h3 class="devices-title" id="devices-title">
        {texts.connection.devices}
      </h3>
      {list.state === 'loading' && <p class="devices-note">{texts.connection.devicesLoading}</p>}
      {list.state === 'failed' && <p class="devices-note">{texts.connection.devicesFailed}</p>}
      {list.state === 'shown' && (
        <ul class="devices-list">
          {[...list.devices].sort(ownFirst).map((device) => (
            <DeviceItem key={device.id} device={device} />
          ))}
        </ul>
      )}
    </section>
  );
}

function DeviceItem({ device: { id, name, isOwn, isOnline, seenAt } }: { readonly device: Device }) {
  const { texts, dispatch } = usePage();
  const { connection } = texts;
  const shown = name || (id === '' ? connection.deviceShared : connection.deviceUnnamed);
  const seen = shortText(seenAt, Date.now(), texts.locale, texts.conversation);
  const state = isOnline ? connection.deviceOnline : connection.deviceSeen(seen);
  return (
    <li class="device">
      <span class="device-text">
        <span class="device-name">{shown}</span>
        <span class={isOnline ? 'device-state device-online' : 'device-state'}>
          {isOwn ? connection.thisDevice : state}
        </span>
      </span>
      {!isOwn && (
        <button
          class="link-button"
          type="button"
          aria-label={connection.removeDeviceOf(shown)}
          onClick={() => dispatch({ kind: 'device-removed', id })}
        >
          {connection.removeDevice}
        </button>
      )}
    </li>
  );
}

function ownFirst(a: Device, b: Device): number {
  return Number(b.isOwn) - Number(a.isOwn) || Number(b.isOnline) - Number(a.isOnline) || b.seenAt - a.seenAt;
}
