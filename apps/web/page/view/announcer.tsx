import { shownName } from '../model/shown-name.js';
import type { Workspace } from '../model/workspace.js';
import { usePage } from './context.js';

/** Maximum length of an announced message, in characters. */
const MAX_SPOKEN = 300;

/** Announces each received message to screen readers, but no messages that are loaded from the history. */
export function Announcer({ announced }: Pick<Workspace, 'announced' | 'isFocused'>) {
  const { texts } = usePage();
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-atomic="true">
      {announced !== undefined && (
        <p key={announced.id}>
          {texts.conversation.said(shownName(announced.peer), announced.text.slice(0, MAX_SPOKEN))}
        </p>
      )}
    </div>
  );
}
