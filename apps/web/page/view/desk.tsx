import { useEffect } from 'preact/hooks';
import type { Preferences } from '../model/app-state.js';
import { type Desk, openConversation } from '../model/desk.js';
import { Announcer } from './announcer.js';
import { Banner } from './banner.js';
import { usePage } from './context.js';
import { Mark } from './icons.js';
import { KickedDialog } from './kicked-dialog.js';
import { Sidebar } from './sidebar.js';
import { Talk } from './talk.js';

interface DeskViewProps {
  readonly desk: Desk;
  readonly preferences: Preferences;
}

/** The screen of a logged-in user: the list beside the open conversation; on a phone one of the two. */
export function DeskView({ desk, preferences }: DeskViewProps) {
  const { texts } = usePage();
  const conversation = openConversation(desk);
  useSearchShortcut();
  return (
    <div class={`desk${conversation === undefined ? '' : ' desk-in-talk'}`}>
      {conversation !== undefined && (
        <button class="skip" type="button" onClick={focusMessageField}>
          {texts.skip}
        </button>
      )}
      <Banner connection={desk.connection} />
      <Sidebar desk={desk} preferences={preferences} />
      <main class="stage" aria-label={conversation?.peer ?? texts.talk.choose}>
        {conversation !== undefined && desk.thread !== undefined ? (
          <Talk
            key={conversation.peer}
            conversation={conversation}
            thread={desk.thread}
            isOnline={desk.connection.state === 'online'}
          />
        ) : (
          <div class="stage-empty">
            <Mark size={56} />
            <h2 class="stage-empty-title">{texts.talk.choose}</h2>
            <p>{texts.talk.chooseHint}</p>
          </div>
        )}
      </main>
      <Announcer announced={desk.announced} isWatched={desk.isWatched} />
      {desk.connection.state === 'kicked' && (
        <KickedDialog kicked={desk.connection} userId={desk.account.userId} />
      )}
    </div>
  );
}

function focusMessageField(): void {
  document.getElementById('message-field')?.focus();
}

/** Ctrl+K or ⌘K goes to the search field. */
function useSearchShortcut(): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      document.getElementById('search-field')?.focus();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  }, []);
}
