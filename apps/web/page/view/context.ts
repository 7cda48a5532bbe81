import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import type { Actions } from '../io/application.js';
import type { AppEvent } from '../model/events.js';
import { ENGLISH } from '../text/english.js';
import type { Texts } from '../text/texts.js';

/** Texts, dispatch and actions, available to all components. */
interface Page {
  readonly texts: Texts;
  readonly dispatch: (event: AppEvent) => void;
  readonly actions: Actions;
}

export const PageContext = createContext<Page>({
  texts: ENGLISH,
  dispatch: () => {},
  actions: { open: () => {}, send: () => {} },
});

export function usePage(): Page {
  return useContext(PageContext);
}
