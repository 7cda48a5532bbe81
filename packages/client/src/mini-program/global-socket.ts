import type { GlobalSocket, MiniProgramPlatform, SocketTask } from './platform-api.js';

/**
 * Wraps the only socket of an old platform as a `SocketTask`. `release` removes the listeners, which would otherwise
 * receive the events of later sockets.
 */
export function globalSocketTask(
  platform: MiniProgramPlatform,
): (SocketTask & { release(): void }) | undefined {
  if (!hasGlobalSocket(platform)) return undefined;
  const undo: (() => void)[] = [];
  return {
    onOpen(listener) {
      platform.onSocketOpen(listener);
      undo.push(() => platform.offSocketOpen?.(listener));
    },
    onMessage(listener) {
      platform.onSocketMessage(listener);
      undo.push(() => platform.offSocketMessage?.(listener));
    },
    onError(listener) {
      platform.onSocketError(listener);
      undo.push(() => platform.offSocketError?.(listener));
    },
    onClose(listener) {
      platform.onSocketClose(listener);
      undo.push(() => platform.offSocketClose?.(listener));
    },
    send: (options) => platform.sendSocketMessage(options),
    close: (options) => platform.closeSocket(options),
    release() {
      for (const removeListener of undo.splice(0)) removeListener();
    },
  };
}

function hasGlobalSocket(platform: MiniProgramPlatform): platform is MiniProgramPlatform & GlobalSocket {
  return platform.onSocketOpen !== undefined && platform.sendSocketMessage !== undefined;
}
