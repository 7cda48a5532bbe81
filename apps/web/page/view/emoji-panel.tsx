import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { EMOJI, EMOJI_COLUMNS } from '../model/emoji.js';
import { usePage } from './context.js';

interface EmojiPanelProps {
  readonly choose: (emoji: string) => void;
  readonly close: () => void;
}

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  ArrowUp: -EMOJI_COLUMNS,
  ArrowDown: EMOJI_COLUMNS,
};

/** A grid of emoji with roving focus: one tab stop, arrow keys inside, Escape closes. */
export function EmojiPanel({ choose, close }: EmojiPanelProps) {
  const { texts } = usePage();
  const [current, setCurrent] = useState(0);
  const panel = useRef<HTMLDivElement>(null);

  useLayoutEffect(() => {
    panel.current?.querySelectorAll<HTMLElement>('button')[current]?.focus();
  }, [current]);
  useEffect(() => {
    const closeOutside = (event: Event): void => {
      const box = panel.current?.parentElement;
      if (event.target instanceof Node && box?.contains(event.target) !== true) close();
    };
    addEventListener('pointerdown', closeOutside);
    return () => removeEventListener('pointerdown', closeOutside);
  }, []);

  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') {
      close();
      return;
    }
    const next = current + (STEPS[event.key] ?? 0);
    if (next === current || next < 0 || next >= EMOJI.length) return;
    event.preventDefault();
    setCurrent(next);
  };
  return (
    <div
      class="emoji-panel"
      ref={panel}
      role="toolbar"
      aria-label={texts.conversation.emojiPanel}
      onKeyDown={press}
    >
      {EMOJI.map((emoji, index) => (
        <button
          class="emoji"
          key={emoji}
          type="button"
          tabIndex={index === current ? 0 : -1}
          onClick={() => choose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
