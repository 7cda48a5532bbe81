import type { Conversation } from '../model/conversation.js';
import { shortText } from '../model/dates.js';
import { shownName } from '../model/shown-name.js';
import { SERVER_ID } from '../model/user-id.js';
import { Avatar } from './avatar.js';
import { usePage } from './context.js';
import { DeliveryState } from './delivery-state.js';

interface ConversationRowProps {
  readonly conversation: Conversation;
  readonly isOpen: boolean;
  readonly isOnline: boolean;
}

/** One conversation in the list. */
export function ConversationRow({ conversation, isOpen, isOnline }: ConversationRowProps) {
  const { texts, actions } = usePage();
  const { peer, unread, last } = conversation;
  return (
    <li>
      <button
        class={`row${unread > 0 ? ' row-unread' : ''}`}
        type="button"
        aria-current={isOpen ? 'page' : undefined}
        onClick={() => actions.open(peer)}
      >
        <Avatar userId={peer} />
        <span class="row-text">
          <span class="row-line">
            <span class="row-name">{peer === SERVER_ID ? texts.list.serverName : shownName(peer)}</span>
            {last !== undefined && (
              <time class="row-time" dateTime={new Date(last.at).toISOString()}>
                {shortText(last.at, Date.now(), texts.locale, texts.conversation)}
              </time>
            )}
          </span>
          <span class="row-line">
            <Excerpt conversation={conversation} isOpen={isOpen} isOnline={isOnline} />
            {unread > 0 && (
              <span class="badge">
                <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
                <span class="visually-hidden">{texts.list.unread(unread)}</span>
              </span>
            )}
          </span>
        </span>
      </button>
    </li>
  );
}

function Excerpt({ conversation: { last, draft }, isOpen, isOnline }: ConversationRowProps) {
  const { texts } = usePage();
  if (draft.trim() !== '' && !isOpen) {
    return (
      <span class="row-excerpt">
        <span class="row-draft">{texts.list.draft}</span>
        {draft}
      </span>
    );
  }
  if (last === undefined) return <span class="row-excerpt row-quiet">{texts.list.noMessages}</span>;
  return (
    <span class="row-excerpt">
      {last.kind === 'outgoing' && <DeliveryState message={last} isOnline={isOnline} />}
      {last.text}
    </span>
  );
}
