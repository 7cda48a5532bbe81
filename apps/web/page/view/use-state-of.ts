import { useEffect, useState } from 'preact/hooks';
import type { Store } from '../io/store.js';
import type { AppState } from '../model/app-state.js';

/** Returns the store's state; the component is rendered again after each change. */
export function useStateOf(store: Store): AppState {
  const [state, setState] = useState(store.state);
  useEffect(() => {
    setState(store.state);
    return store.subscribe(() => setState(store.state));
  }, [store]);
  return state;
}
