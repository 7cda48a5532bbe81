import { platform } from './platform.js';

/**
 * What a platform tells of itself: there is a network again, or a person looks at the program again. A client that
 * waits tries at once then, one that is online asks its server whether the link is still good.
 */
export type PlatformSignal = 'online' | 'visible';

/** Listens to the platform. */
export interface PlatformSignals {
  /** Calls `listener` at each signal until the returned function is called. */
  subscribe(listener: (signal: PlatformSignal) => void): () => void;
}

/** The signals of browsers and workers; silent where the platform has none. The default of `createClient`. */
export const browserSignals: PlatformSignals = {
  subscribe(listener) {
    const { document, events } = platform;
    const online = (): void => listener('online');
    const visible = (): void => {
      if (document?.visibilityState === 'visible') listener('visible');
    };
    events?.addEventListener('online', online);
    document?.addEventListener('visibilitychange', visible);
    return () => {
      events?.removeEventListener('online', online);
      document?.removeEventListener('visibilitychange', visible);
    };
  },
};
