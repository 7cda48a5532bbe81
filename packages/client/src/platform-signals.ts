import { platform } from './platform.js';

/**
 * A signal of the platform: `online`, the network is back; `visible`, the page or program is in the foreground again. A
 * waiting client then reconnects at once, an online client checks its link with a keep-alive.
 */
export type PlatformSignal = 'online' | 'visible';

/** A source of platform signals. */
export interface PlatformSignals {
  /** Calls `listener` for each signal, until the returned function is called. */
  subscribe(listener: (signal: PlatformSignal) => void): () => void;
}

/** The signals of browsers and workers; none on other platforms. The default of `createClient`. */
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
