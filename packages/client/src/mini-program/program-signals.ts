import type { PlatformSignals } from '../platform-signals.js';
import type { MiniProgramPlatform } from './platform-api.js';

/**
 * The signals of a mini-program: there is a network again, the program is in front again. Some seconds after it has gone
 * to the background its platform ends its sockets, often without a word. Silent where the platform has no such events.
 */
export function programSignals(platform: MiniProgramPlatform): PlatformSignals {
  return {
    subscribe(listener) {
      const changed = ({ isConnected }: { readonly isConnected: boolean }): void => {
        if (isConnected) listener('online');
      };
      const shown = (): void => listener('visible');
      platform.onNetworkStatusChange?.(changed);
      platform.onAppShow?.(shown);
      return () => {
        platform.offNetworkStatusChange?.(changed);
        platform.offAppShow?.(shown);
      };
    },
  };
}
