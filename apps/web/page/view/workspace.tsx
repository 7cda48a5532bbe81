import { useEffect } from 'preact/hooks';
import type { Preferences } from '../model/app-state.js';
import { openConversation, type Workspace } from '../model/workspace.js';
import { Announcer } from './announcer.js';
import { Banner } from './banner.js';
import { usePage } from './context.js';
import { ConversationView } from './conversation.js';
import { Mark } from './icons.js';
import { KickedDialog } from './kicked-dialog.js';
import { Sidebar } from './sidebar.js';

interface WorkspaceViewProps {
  readonly workspace: Workspace;
  readonly preferences: Preferences;
}

/** The screen of a signed-in user: the list next to the open conversation; on a phone one of the two. */
export function WorkspaceView({ workspace, preferences }: WorkspaceViewProps) {
  const { texts } = usePage();
  const conversation = openConversation(workspace);
  useSearchShortcut();
  return (
    <div class={`workspace${conversation === undefined ? '' : ' workspace-in-conversation'}`}>
      {conversation !== undefined && (
        <button class="skip" type="button" onClick={focusMessageField}>
          {texts.skip}
        </button>
      )}
      <Banner connection={workspace.connection} />
      <Sidebar workspace={workspace} preferences={preferences} />
      <main class="stage" aria-label={conversation?.peer ?? texts.conversation.choose}>
        {conversation !== undefined && workspace.thread !== undefined ? (
          <ConversationView
            key={conversation.peer}
            userId={workspace.account.userId}
            conversation={conversation}
            thread={workspace.thread}
            isOnline={workspace.connection.state === 'online'}
          />
        ) : (
          <div class="stage-empty">
            <Mark size={56} />
            <h2 class="stage-empty-title">{texts.conversation.choose}</h2>
            <p>{texts.conversation.chooseHint}</p>
          </div>
        )}
      </main>
      <Announcer announced={workspace.announced} isFocused={workspace.isFocused} />
      {workspace.connection.state === 'kicked' && (
        <KickedDialog kicked={workspace.connection} userId={workspace.account.userId} />
      )}
    </div>
  );
}

function focusMessageField(): void {
  document.getElementById('message-field')?.focus();
}

/** Ctrl+K or ⌘K focuses the search field. */
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
