import type { ConversationView, ViewClient } from '@imcore/client/view';
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useEffect,
  useMemo,
} from 'react';
import { LiveView, type ViewParts } from './live-view.js';

/** Properties of {@link ImcoreProvider}: a client, or a view of one. */
export type ImcoreProviderProps = {
  readonly children?: ReactNode;
} & (
  | {
      /** The client. The provider adds listeners to it while it is mounted; login, logout and `close` are the application's. */
      readonly client: ViewClient;
      readonly view?: undefined;
    }
  | {
      /** A view that the application has created with `conversationView`, and closes. */
      readonly view: ConversationView;
      readonly client?: undefined;
    }
);

const ViewContext = createContext<ViewParts | undefined>(undefined);

/**
 * Gives the hooks in its children the client of one user.
 *
 * With `client` it creates a view with the default options, and closes it when it is unmounted: what only the view has, such as
 * unread counts and messages of a server without history, is gone then. Mount it before the login, or near the root. With `view` the
 * application decides about options and lifetime.
 */
export function ImcoreProvider({ client, view, children }: ImcoreProviderProps): ReactElement {
  const live = useMemo(() => client && new LiveView(client), [client]);
  useEffect(() => live?.use(), [live]);
  return createElement(ViewContext.Provider, { value: view ?? live }, children);
}

/** The view of the provider around a component. */
export function useView(hook: string): ViewParts {
  const view = useContext(ViewContext);
  if (view === undefined) throw new Error(`${hook} must be called inside <ImcoreProvider client={…}>`);
  return view;
}
