import { useLayoutEffect, useMemo } from 'preact/hooks';
import type { Application } from '../io/application.js';
import type { AppState, Theme } from '../model/app-state.js';
import { totalUnread } from '../model/conversation.js';
import type { Texts } from '../text/texts.js';
import { textsOf } from '../text/texts-of.js';
import { PageContext } from './context.js';
import { Login } from './login.js';
import { useStateOf } from './use-state-of.js';
import { WorkspaceView } from './workspace.js';

/** The whole page. */
export function App({ application }: { readonly application: Application }) {
  const { store } = application;
  const state = useStateOf(store);
  const { stage, preferences, config } = state;
  const texts = textsOf(preferences.language);
  const page = useMemo(
    () => ({ texts, dispatch: store.dispatch.bind(store), actions: application }),
    [texts, store, application],
  );
  useDocument(state, texts);
  return (
    <PageContext.Provider value={page}>
      {stage.name === 'signed-in' ? (
        <WorkspaceView workspace={stage.workspace} preferences={preferences} />
      ) : (
        <Login stage={stage} tokenRequired={config.tokenRequired} preferences={preferences} />
      )}
    </PageContext.Provider>
  );
}

/** Synchronizes title, language and theme of the document with the state. */
function useDocument({ stage, preferences }: AppState, texts: Texts): void {
  const unread = stage.name === 'signed-in' ? totalUnread(stage.workspace.conversations.values()) : 0;
  useLayoutEffect(() => {
    document.title = unread > 0 ? `(${unread}) ${texts.product}` : texts.product;
  }, [unread, texts]);
  useLayoutEffect(() => {
    const { documentElement } = document;
    documentElement.lang = texts.locale;
    documentElement.dataset['theme'] = preferences.theme;
    colorFrame(preferences.theme);
  }, [texts, preferences.theme]);
}

/** Sets the color of the browser's frame on phones to the chosen theme. */
function colorFrame(chosen: Theme): void {
  for (const color of document.querySelectorAll<HTMLMetaElement>('meta[name=theme-color]')) {
    const { theme } = color.dataset;
    const isChosen = theme === chosen ? 'all' : 'not all';
    color.media = chosen === 'system' ? `(prefers-color-scheme: ${theme})` : isChosen;
  }
}
