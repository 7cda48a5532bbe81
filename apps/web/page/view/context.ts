import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Actions } from '../io/application.js';
import type { AppEvent } from '../model/events.js';
import { ENGLISH } from '../text/english.js';
import type { Texts } from '../text/texts.js';

/** What every part of the page may use. */
interface Page {
  readonly texts: Texts;
  readonly dispatch: (event: AppEvent) => void;
  readonly actions: Actions;
}

export const PageContext = createContext<Page>({
  texts: ENGLISH,
  dispatch: () => {},
  actions: { open: () => {}, say: () => {} },
});

export function usePage(): Page {
  return useContext(PageContext);
}
