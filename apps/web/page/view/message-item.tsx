import { timeText } from '../model/dates.js';
import type { ChatMessage, OutgoingMessage } from '../model/message.js';
import { isFewEmoji, partsOf } from '../model/rich-text.js';
import { shownName } from '../model/shown-name.js';
import { usePage } from './context.js';
import { DeliveryState } from './delivery-state.js';

interface MessageItemProps {
  readonly message: ChatMessage;
  readonly isFirstOfGroup: boolean;
  readonly isLastOfGroup: boolean;
  readonly isOnline: boolean;
}

/** A message. Its text is always rendered as plain text; URLs become links. */
export function MessageItem({ message, isFirstOfGroup, isLastOfGroup, isOnline }: MessageItemProps) {
  const { texts } = usePage();
  const classes = [
    'message',
    message.kind,
    isFirstOfGroup && 'message-first',
    isLastOfGroup && 'message-last',
    isFewEmoji(message.text) && 'message-emoji',
  ];
  const isOwn = message.kind === 'outgoing';
  const isFailed = isOwn && message.delivery === 'failed';
  return (
    <li class={classes.filter(Boolean).join(' ')} data-id={message.id}>
      <div class="bubble">
        <span class="visually-hidden">
          {isOwn ? texts.conversation.byYou('') : texts.conversation.said(shownName(message.peer), '')}
        </span>
        <RichText text={message.text} />
        <span class="message-meta">
          <time dateTime={new Date(message.at).toISOString()}>{timeText(message.at, texts.locale)}</time>
          {isOwn && <DeliveryState message={message} isOnline={isOnline} />}
        </span>
      </div>
      {isFailed && <Failure message={message} />}
    </li>
  );
}

function RichText({ text }: { readonly text: string }) {
  const { texts } = usePage();
  return (
    <p class="message-text" dir="auto">
      {partsOf(text).map((part, index) =>
        part.kind === 'text' ? (
          part.text
        ) : (
          <a
            key={`${index} ${part.href}`}
            href={part.href}
            target="_blank"
            rel="noopener noreferrer nofollow"
          >
            {part.text}
            <span class="visually-hidden"> {texts.conversation.opensElsewhere}</span>
          </a>
        ),
      )}
    </p>
  );
}

function Failure({ message }: { readonly message: OutgoingMessage }) {
  const { texts, dispatch } = usePage();
  return (
    <div class="failure">
      <p>{texts.conversation.failedBecause(texts.conversation.failure[message.failure ?? 'other'])}</p>
      {message.failure !== 'too-large' && (
        <button
          class="link-button"
          type="button"
          onClick={() => dispatch({ kind: 'retried', id: message.id })}
        >
          {texts.conversation.retry}
        </button>
      )}
    </div>
  );
}
