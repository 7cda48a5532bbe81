import { useState } from 'preact/hooks';
import type { Conversation } from '../model/conversation.js';
import { shownName } from '../model/shown-name.js';
import type { Thread } from '../model/thread.js';
import { SERVER_ID } from '../model/user-id.js';
import { Avatar } from './avatar.js';
import { Composer } from './composer.js';
import { usePage } from './context.js';
import { ConversationMenu } from './conversation-menu.js';
import { BackIcon } from './icons.js';
import { MessageList } from './message-list.js';
import { Modal } from './modal.js';

interface ConversationViewProps {
  readonly userId: string;
  readonly conversation: Conversation;
  readonly thread: Thread;
  readonly isOnline: boolean;
}

/** The open conversation: header, messages, input field. */
export function ConversationView({ userId, conversation, thread, isOnline }: ConversationViewProps) {
  const { texts, dispatch } = usePage();
  const [isDeleting, setDeleting] = useState(false);
  const { peer } = conversation;
  const name = peer === SERVER_ID ? texts.list.serverName : shownName(peer);
  return (
    <section class="conversation" aria-label={texts.conversation.messages(name)}>
      <header class="conversation-head">
        <button
          class="icon-button conversation-back"
          type="button"
          aria-label={texts.conversation.back}
          onClick={() => dispatch({ kind: 'left' })}
        >
          <BackIcon />
        </button>
        <Avatar userId={peer} isSmall />
        <h1 class="conversation-name">{name}</h1>
        <ConversationMenu conversation={conversation} remove={() => setDeleting(true)} />
      </header>
      <MessageList thread={thread} name={name} unread={conversation.unread} isOnline={isOnline} />
      <Composer userId={userId} peer={peer} name={name} draft={conversation.draft} />
      {isDeleting && (
        <Modal
          title={texts.conversation.removeQuestion(name)}
          onDismiss={() => setDeleting(false)}
          actions={
            <>
              <button class="button" type="button" autofocus onClick={() => setDeleting(false)}>
                {texts.conversation.keep}
              </button>
              <button
                class="button button-danger"
                type="button"
                onClick={() => dispatch({ kind: 'conversation-deleted', peer })}
              >
                {texts.conversation.confirmRemove}
              </button>
            </>
          }
        >
          <p>{texts.conversation.removeHint}</p>
        </Modal>
      )}
    </section>
  );
}
