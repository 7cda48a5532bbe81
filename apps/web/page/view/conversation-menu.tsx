import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../model/conversation.js';
import { usePage } from './context.js';
import { MoreIcon } from './icons.js';

interface ConversationMenuProps {
  readonly conversation: Conversation;
  readonly remove: () => void;
}

/** The menu of a conversation. */
export function ConversationMenu({ conversation, remove }: ConversationMenuProps) {
  const { texts, dispatch } = usePage();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const place = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (!isOpen) return;
    const closeOutside = (event: Event): void => {
      if (event.target instanceof Node && place.current?.contains(event.target) !== true) setOpen(false);
    };
    addEventListener('pointerdown', closeOutside);
    place.current?.querySelector<HTMLElement>('.menu-item')?.focus();
    return () => removeEventListener('pointerdown', closeOutside);
  }, [isOpen]);
  const choose = (act: () => void) => () => {
    setOpen(false);
    button.current?.focus();
    act();
  };
  const toggleContact = () => dispatch({ kind: 'contact-toggled', peer: conversation.peer });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape closes the menu of the button inside.
    <div
      class="conversation-menu"
      ref={place}
      onKeyDown={(event) => {
        if (event.key === 'Escape' && isOpen) choose(() => {})();
      }}
    >
      <button
        class="icon-button"
        ref={button}
        type="button"
        aria-label={texts.conversation.more}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <MoreIcon />
      </button>
      {isOpen && (
        <div class="menu">
          <button class="menu-item" type="button" onClick={choose(toggleContact)}>
            {conversation.isContact ? texts.conversation.removeContact : texts.conversation.addContact}
          </button>
          <button class="menu-item menu-danger" type="button" onClick={choose(remove)}>
            {texts.conversation.remove}
          </button>
        </div>
      )}
    </div>
  );
}
