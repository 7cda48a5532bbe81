import type { GlobalSocket, MiniProgramPlatform, SocketTask } from './platform-api.js';

/**
 * The one socket of an old platform, in the form of a `SocketTask`. The listeners are taken off again with `release`,
 * for the platform's own would go on hearing of later sockets.
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
      for (const takeOff of undo.splice(0)) takeOff();
    },
  };
}

function hasGlobalSocket(platform: MiniProgramPlatform): platform is MiniProgramPlatform & GlobalSocket {
  return platform.onSocketOpen !== undefined && platform.sendSocketMessage !== undefined;
}
