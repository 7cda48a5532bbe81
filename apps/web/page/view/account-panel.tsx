import { useEffect, useRef, useState } from 'preact/hooks';
import type { Preferences } from '../model/app-state.js';
import type { Connection } from '../model/connection.js';
import { timeText } from '../model/dates.js';
import { shownName } from '../model/shown-name.js';
import type { Workspace } from '../model/workspace.js';
import type { Texts } from '../text/texts.js';
import { Avatar } from './avatar.js';
import { usePage } from './context.js';
import { Devices } from './devices.js';
import { MoreIcon } from './icons.js';
import { PreferencesControls } from './preferences.js';

interface AccountPanelProps {
  readonly workspace: Workspace;
  readonly preferences: Preferences;
}

/** The signed-in user and the connection state, with a panel for details, settings and sign-out. */
export function AccountPanel({ workspace, preferences }: AccountPanelProps) {
  const { texts, dispatch } = usePage();
  const [isOpen, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && place.current?.contains(event.target) !== true) setOpen(false);
    };
    addEventListener('pointerdown', closeOutside);
    return () => removeEventListener('pointerdown', closeOutside);
  }, [isOpen]);
  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape' || !isOpen) return;
    setOpen(false);
    button.current?.focus();
  };
  const { account, connection } = workspace;
  const toggle = (): void => {
    setOpen(!isOpen);
    // Sends a keep-alive now, so that there is a round-trip time to show.
    if (!isOpen && connection.state === 'online') dispatch({ kind: 'retry-wanted' });
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the panel of the button inside.
    <div class="account" ref={place} onKeyDown={closeOnEscape}>
      <button
        class="account-button"
        ref={button}
        type="button"
        aria-expanded={isOpen}
        aria-controls="account-details"
        onClick={toggle}
      >
        <Avatar userId={account.userId} />
        <span class="account-text">
          <span class="account-name">
            <span class="visually-hidden">{texts.connection.account} </span>
            {shownName(account.userId)}
          </span>
          <span class={`account-state account-state-${connection.state}`}>
            {stateText(connection, texts)}
          </span>
        </span>
        <MoreIcon />
        <span class="visually-hidden">{texts.connection.label}</span>
      </button>
      {isOpen && (
        <section class="panel" id="account-details" aria-label={texts.connection.label}>
          <Details workspace={workspace} />
          <Devices list={workspace.devices} />
          <PreferencesControls preferences={preferences} />
          <button
            class="button panel-sign-out"
            type="button"
            onClick={() => dispatch({ kind: 'signed-out' })}
          >
            {texts.connection.signOut}
          </button>
        </section>
      )}
    </div>
  );
}

function Details({ workspace: { account, connection } }: { readonly workspace: Workspace }) {
  const { texts } = usePage();
  const isOnline = connection.state === 'online';
  const rtt = isOnline ? connection.roundTripMs : undefined;
  return (
    <dl class="details">
      <dt>{texts.connection.server}</dt>
      <dd class="details-address">{account.server}</dd>
      {isOnline && (
        <>
          <dt>{texts.connection.roundTrip}</dt>
          <dd>{rtt === undefined ? texts.connection.notMeasured : texts.connection.milliseconds(rtt)}</dd>
          <dt>{texts.connection.since}</dt>
          <dd>{timeText(connection.since, texts.locale)}</dd>
        </>
      )}
    </dl>
  );
}

function stateText(connection: Connection, texts: Texts): string {
  switch (connection.state) {
    case 'online':
      return texts.connection.online;
    case 'connecting':
      return texts.connection.connecting;
    case 'waiting':
    case 'kicked':
      return texts.connection.offline;
    default:
      return connection satisfies never;
  }
}
