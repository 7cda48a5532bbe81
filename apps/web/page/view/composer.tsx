import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { messageSize } from '../model/message-size.js';
import { ComposerSize } from './composer-size.js';
import { usePage } from './context.js';
import { EmojiPanel } from './emoji-panel.js';
import { SendIcon, SmileIcon } from './icons.js';

interface ComposerProps {
  readonly userId: string;
  readonly peer: string;
  readonly name: string;
  readonly draft: string;
}

/** Idle time while typing after which the draft is saved, in milliseconds. */
const KEEP_AFTER_MS = 300;

/** The input field: Enter sends, Shift+Enter inserts a line break; neither while an input method is composing. */
export function Composer({ userId, peer, name, draft }: ComposerProps) {
  const { texts, dispatch, actions } = usePage();
  const [text, setText] = useState(draft);
  const [hasEmoji, setEmoji] = useState(false);
  const size = useMemo(() => messageSize(text, userId, peer), [text, userId, peer]);
  const canSend = text.trim() !== '' && size.fits;
  const field = useRef<HTMLTextAreaElement>(null);
  const keep = useKeptDraft(peer, draft, (value) => dispatch({ kind: 'drafted', peer, text: value }));

  useEffect(() => {
    if (matchMedia('(hover: hover)').matches) field.current?.focus();
  }, []);
  useLayoutEffect(() => fit(field.current), [text]);

  const change = (value: string): void => {
    setText(value);
    keep(value);
  };
  const send = (): void => {
    if (!canSend) return;
    actions.send(text);
    setText('');
    keep('', 'sent');
    field.current?.focus();
  };
  const press = (event: KeyboardEvent): void => {
    // 229: the key belongs to an input method. Some browsers end the composition before this event.
    const isComposing = event.isComposing || event.keyCode === 229;
    if (event.key !== 'Enter' || event.shiftKey || isComposing) return;
    event.preventDefault();
    send();
  };
  const insert = (emoji: string): void => {
    const area = field.current;
    if (area === null) return;
    const at = area.selectionStart;
    change(text.slice(0, at) + emoji + text.slice(area.selectionEnd));
    requestAnimationFrame(() => area.setSelectionRange(at + emoji.length, at + emoji.length));
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    send();
  };
  return (
    <form class="composer" onSubmit={submit}>
      <div class="composer-box">
        <button
          class="icon-button composer-emoji"
          type="button"
          aria-label={texts.conversation.emoji}
          aria-expanded={hasEmoji}
          onClick={() => setEmoji(!hasEmoji)}
        >
          <SmileIcon />
        </button>
        <textarea
          class="composer-field"
          id="message-field"
          ref={field}
          rows={1}
          value={text}
          placeholder={texts.conversation.write(name)}
          aria-label={texts.conversation.writeLabel(name)}
          aria-describedby="composer-keys composer-size"
          aria-invalid={!size.fits}
          enterkeyhint="send"
          dir="auto"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={press}
        />
        <button class="send-button" type="submit" aria-label={texts.conversation.send} disabled={!canSend}>
          <SendIcon />
        </button>
        {hasEmoji && (
          <EmojiPanel
            choose={insert}
            close={() => {
              setEmoji(false);
              field.current?.focus();
            }}
          />
        )}
      </div>
      <ComposerSize size={size} id="composer-size" />
      <p class="composer-keys" id="composer-keys">
        {texts.conversation.keys}
      </p>
    </form>
  );
}

/** Fits the height to the content, up to the maximum in the style sheet. */
function fit(area: HTMLTextAreaElement | null): void {
  if (area === null) return;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight}px`;
}

/** Saves a draft when typing pauses and when the field is removed. */
function useKeptDraft(
  peer: string,
  draft: string,
  save: (text: string) => void,
): (text: string, why?: 'typed' | 'sent') => void {
  const latest = useRef({ kept: draft, text: draft, timer: 0, save });
  latest.current.save = save;
  useEffect(() => {
    const { current } = latest;
    const flush = (): void => {
      clearTimeout(current.timer);
      if (current.text !== current.kept) current.save(current.text);
      current.kept = current.text;
    };
    addEventListener('pagehide', flush);
    return () => {
      removeEventListener('pagehide', flush);
      flush();
    };
  }, [peer]);
  return (text, why = 'typed') => {
    const { current } = latest;
    clearTimeout(current.timer);
    current.text = text;
    // A sent text is not a draft: the state machine has cleared it.
    if (why === 'sent') current.kept = text;
    else {
      current.timer = window.setTimeout(() => {
        current.kept = current.text;
        current.save(current.text);
      }, KEEP_AFTER_MS);
    }
  };
}
