import type { Desk } from '../model/desk.js';
import { usePage } from './context.js';

/** Longest text that is read out of a message, in characters. */
const MAX_SPOKEN = 300;

/** Tells a screen reader of each message that comes in, and of nothing that is only loaded again. */
export function Announcer({ announced }: Pick<Desk, 'announced' | 'isWatched'>) {
  const { texts } = usePage();
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-atomic="true">
      {announced !== undefined && (
        <p key={announced.id}>{texts.talk.said(announced.peer, announced.text.slice(0, MAX_SPOKEN))}</p>
      )}
    </div>
  );
}
