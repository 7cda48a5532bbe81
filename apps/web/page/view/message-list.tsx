import type { ComponentProps } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { dayText } from '../model/dates.js';
import { type Row, rowsOf } from '../model/rows.js';
import type { Thread } from '../model/thread.js';
import { usePage } from './context.js';
import { DownIcon } from './icons.js';
import { MessageItem } from './message-item.js';

interface MessageListProps {
  readonly thread: Thread;
  readonly name: string;
  readonly unread: number;
  readonly isOnline: boolean;
}

/** Distance to the end within which the newest message counts as seen, in CSS pixels. */
const END_PX = 48;
/** Distance to the top within which older messages are loaded, in CSS pixels. */
const TOP_PX = 400;

/** The messages of the open conversation. Scrolling up loads older ones. */
export function MessageList({ thread, name, unread, isOnline }: MessageListProps) {
  const { texts, dispatch } = usePage();
  const scroller = useRef<HTMLElement>(null);
  const keepPlace = useKeptPlace(scroller, thread);

  const scrolled = (): void => {
    const place = scroller.current;
    if (place === null) return;
    keepPlace();
    const isAtEnd = place.scrollHeight - place.scrollTop - place.clientHeight < END_PX;
    if (isAtEnd !== thread.isAtEnd) dispatch({ kind: 'scrolled', isAtEnd });
    if (place.scrollTop < TOP_PX && thread.history === 'more') dispatch({ kind: 'older-wanted' });
  };
  // If the messages do not fill the height, there is no scroll event to load more.
  useEffect(scrolled, [thread.messages.length, thread.history]);

  const toEnd = () => scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  const isEmpty = thread.messages.length === 0;
  return (
    <div class="messages-place">
      <section
        class="messages"
        ref={scroller}
        onScroll={scrolled}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached with the keyboard.
        tabIndex={0}
        aria-label={texts.conversation.messages(name)}
      >
        <div class="messages-column">
          {thread.history === 'loading' && !isEmpty && (
            <p class="messages-note">{texts.conversation.loading}</p>
          )}
          {thread.history === 'complete' && (
            <div class="messages-begin">
              <p>{texts.conversation.begin(name)}</p>
              {isEmpty && <p>{texts.conversation.beginHint}</p>}
            </div>
          )}
          <ol class="messages-list">
            {rowsOf(thread).map((row) => (
              <RowItem key={row.key} row={row} isOnline={isOnline} />
            ))}
          </ol>
        </div>
      </section>
      {!thread.isAtEnd && (
        <button class="to-end" type="button" onClick={toEnd}>
          <DownIcon />
          <span class={unread > 0 ? '' : 'visually-hidden'}>
            {unread > 0 ? texts.conversation.newBelow(unread) : texts.conversation.toEnd}
          </span>
        </button>
      )}
    </div>
  );
}

function RowItem({ row, isOnline }: { readonly row: Row; readonly isOnline: boolean }) {
  const { texts } = usePage();
  switch (row.kind) {
    case 'day':
      return (
        <li class="day">
          <span class="day-text">{dayText(row.at, Date.now(), texts.locale, texts.conversation)}</span>
        </li>
      );
    case 'unread':
      return (
        <li class="unread-line">
          <span class="unread-text">{texts.conversation.unreadFromHere(row.count)}</span>
        </li>
      );
    case 'gap':
      return (
        <li class="gap">
          <span class="gap-text">
            {row.isLoading ? texts.conversation.gapLoading : texts.conversation.gap}
          </span>
        </li>
      );
    case 'message':
      return <MessageRow {...row} isOnline={isOnline} />;
    default:
      return row satisfies never;
  }
}

/** Memoized: rendered again only if the message has changed, not with every change of the list. */
function MessageRow({
  message,
  isFirstOfGroup,
  isLastOfGroup,
  isOnline,
}: ComponentProps<typeof MessageItem>) {
  // Only the mark of a pending message depends on the connection.
  const isOnlineForIt = message.kind === 'outgoing' && message.delivery === 'pending' && isOnline;
  return useMemo(
    () => <MessageItem {...{ message, isFirstOfGroup, isLastOfGroup }} isOnline={isOnlineForIt} />,
    [message, isFirstOfGroup, isLastOfGroup, isOnlineForIt],
  );
}

/**
 * Keeps the scroll position when messages are added above or below or the size changes: at the end it stays at the end,
 * elsewhere it keeps the distance to the end.
 */
function useKeptPlace(scroller: { readonly current: HTMLElement | null }, thread: Thread): () => void {
  const fromEnd = useRef(0);
  const firstId = useRef<string>();
  const isAtEnd = useRef(thread.isAtEnd);
  isAtEnd.current = thread.isAtEnd;

  useLayoutEffect(() => {
    const place = scroller.current;
    if (place === null) return;
    const first = thread.messages[0]?.id;
    const hasOlder = firstId.current !== undefined && first !== firstId.current;
    firstId.current = first;
    if (thread.isAtEnd) place.scrollTop = place.scrollHeight;
    else if (hasOlder) place.scrollTop = place.scrollHeight - fromEnd.current;
  }, [scroller, thread.messages, thread.isAtEnd]);

  useEffect(() => {
    const place = scroller.current;
    if (place === null) return;
    const observer = new ResizeObserver(() => {
      if (isAtEnd.current) place.scrollTop = place.scrollHeight;
    });
    observer.observe(place);
    return () => observer.disconnect();
  }, [scroller]);

  return () => {
    if (scroller.current !== null)
      fromEnd.current = scroller.current.scrollHeight - scroller.current.scrollTop;
  };
}
