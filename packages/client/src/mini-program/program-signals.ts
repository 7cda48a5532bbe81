import type { PlatformSignals } from '../platform-signals.js';
import type { MiniProgramPlatform } from './platform-api.js';

/**
 * The signals of a mini-program: the network is back, the program is in the foreground again. Platforms close the
 * sockets of a background program after a few seconds, often without an event. Without these events there are no signals.
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
