import { useRef } from 'preact/hooks';
import type { Preferences } from '../model/app-state.js';
import { shownName } from '../model/shown-name.js';
import { listed, newPeer, type Workspace } from '../model/workspace.js';
import { AccountPanel } from './account-panel.js';
import { usePage } from './context.js';
import { ConversationRow } from './conversation-row.js';
import { CloseIcon, PlusIcon, SearchIcon } from './icons.js';

interface SidebarProps {
  readonly workspace: Workspace;
  readonly preferences: Preferences;
}

/** The account panel, the search field, and the list of conversations or contacts. */
export function Sidebar({ workspace, preferences }: SidebarProps) {
  const { texts } = usePage();
  const conversations = listed(workspace, texts.locale);
  const starter = newPeer(workspace);
  return (
    <nav class="sidebar" aria-label={texts.list.label}>
      <AccountPanel workspace={workspace} preferences={preferences} />
      <Search text={workspace.search} first={conversations[0]?.peer} starter={starter} />
      {workspace.search === '' && <ListTabs list={workspace.list} />}
      {workspace.history === 'failing' && (
        <p class="list-warning" role="status">
          {texts.list.notKept}
        </p>
      )}
      <div class="list-scroller">
        {conversations.length > 0 ? (
          <ul class="list">
            {conversations.map((conversation) => (
              <ConversationRow
                key={conversation.peer}
                conversation={conversation}
                isOpen={workspace.thread?.peer === conversation.peer}
                isOnline={workspace.connection.state === 'online'}
              />
            ))}
          </ul>
        ) : (
          workspace.history !== 'opening' && (
            <EmptyList workspace={workspace} hasStarter={starter !== undefined} />
          )
        )}
        {starter !== undefined && <Starter userId={starter} />}
      </div>
    </nav>
  );
}

interface SearchProps {
  readonly text: string;
  /** The first user that the search finds. */
  readonly first: string | undefined;
  readonly starter: string | undefined;
}

function Search({ text, first, starter }: SearchProps) {
  const { texts, dispatch, actions } = usePage();
  const field = useRef<HTMLInputElement>(null);
  const search = (value: string) => dispatch({ kind: 'searched', text: value });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const peer = first ?? starter;
    if (text !== '' && peer !== undefined) actions.open(peer);
  };
  return (
    <search>
      <form class="search" onSubmit={submit}>
        <SearchIcon />
        <input
          class="search-input"
          id="search-field"
          ref={field}
          type="text"
          enterkeyhint="go"
          aria-label={texts.list.search}
          placeholder={texts.list.search}
          value={text}
          maxLength={256}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          onInput={(event) => search(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') search('');
          }}
        />
        {text !== '' && (
          <button
            class="icon-button search-clear"
            type="button"
            aria-label={texts.list.clear}
            onClick={() => {
              search('');
              field.current?.focus();
            }}
          >
            <CloseIcon />
          </button>
        )}
      </form>
    </search>
  );
}

function ListTabs({ list }: Pick<Workspace, 'list'>) {
  const { texts, dispatch } = usePage();
  const tab = (name: Workspace['list'], text: string) => (
    <button
      class="tab"
      type="button"
      aria-pressed={list === name}
      onClick={() => dispatch({ kind: 'list-chosen', list: name })}
    >
      {text}
    </button>
  );
  return (
    <div class="tabs">
      {tab('recent', texts.list.recent)}
      {tab('contacts', texts.list.contacts)}
    </div>
  );
}

function Starter({ userId }: { readonly userId: string }) {
  const { texts, actions } = usePage();
  return (
    <button class="row starter" type="button" onClick={() => actions.open(userId)}>
      <span class="avatar avatar-new" aria-hidden="true">
        <PlusIcon />
      </span>
      <span class="starter-text">{texts.list.start(shownName(userId))}</span>
    </button>
  );
}

function EmptyList({
  workspace,
  hasStarter,
}: {
  readonly workspace: Workspace;
  readonly hasStarter: boolean;
}) {
  const { texts } = usePage();
  if (hasStarter) return null;
  if (workspace.search !== '') return <p class="list-empty">{texts.list.nothingFound}</p>;
  if (workspace.list === 'contacts') return <p class="list-empty">{texts.list.noContacts}</p>;
  return (
    <div class="list-empty">
      <h2 class="list-empty-title">{texts.list.emptyTitle}</h2>
      <p>{texts.list.emptyText}</p>
    </div>
  );
}
