import { useState } from 'preact/hooks';
import type { Conversation } from '../model/conversation.js';
import type { Thread } from '../model/thread.js';
import { SERVER_ID } from '../model/user-id.js';
import { Avatar } from './avatar.js';
import { Composer } from './composer.js';
import { usePage } from './context.js';
import { BackIcon } from './icons.js';
import { MessageList } from './message-list.js';
import { Modal } from './modal.js';
import { TalkMenu } from './talk-menu.js';

interface TalkProps {
  readonly conversation: Conversation;
  readonly thread: Thread;
  readonly isOnline: boolean;
}

/** The open conversation: whom with, the messages, the field to write in. */
export function Talk({ conversation, thread, isOnline }: TalkProps) {
  const { texts, dispatch } = usePage();
  const [isDeleting, setDeleting] = useState(false);
  const { peer } = conversation;
  const name = peer === SERVER_ID ? texts.list.serverName : peer;
  return (
    <section class="talk" aria-label={texts.talk.messages(name)}>
      <header class="talk-head">
        <button
          class="icon-button talk-back"
          type="button"
          aria-label={texts.talk.back}
          onClick={() => dispatch({ kind: 'left' })}
        >
          <BackIcon />
        </button>
        <Avatar userId={peer} isSmall />
        <h1 class="talk-name">{name}</h1>
        <TalkMenu conversation={conversation} remove={() => setDeleting(true)} />
      </header>
      <MessageList thread={thread} name={name} unread={conversation.unread} isOnline={isOnline} />
      <Composer peer={peer} name={name} draft={conversation.draft} />
      {isDeleting && (
        <Modal
          title={texts.talk.removeQuestion(name)}
          onDismiss={() => setDeleting(false)}
          actions={
            <>
              <button class="button" type="button" autofocus onClick={() => setDeleting(false)}>
                {texts.talk.keep}
              </button>
              <button
                class="button button-danger"
                type="button"
                onClick={() => dispatch({ kind: 'conversation-deleted', peer })}
              >
                {texts.talk.confirmRemove}
              </button>
            </>
          }
        >
          <p>{texts.talk.removeHint}</p>
        </Modal>
      )}
    </section>
  );
}
