import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ChatPageHandler, chatPage, PAGE_DIRECTORY } from '@imcore/web';

/** Whether the page is built. `npm run build` in the root folder builds it. */
export function isChatPageBuilt(directory: string = PAGE_DIRECTORY): boolean {
  return existsSync(join(directory, 'index.html'));
}

/**
 * The chat page, for a WebSocket listener whose port is known only once the server listens.
 *
 * Handles no request while `portOf` returns undefined.
 */
export function lateChatPage(
  portOf: () => number | undefined,
  tokenRequired: boolean,
  directory: string = PAGE_DIRECTORY,
): ChatPageHandler {
  let handler: ChatPageHandler | undefined;
  return (request, response) => {
    if (handler === undefined) {
      const port = portOf();
      if (port === undefined) return false;
      handler = chatPage({ webSocket: { port }, tokenRequired, directory });
    }
    return handler(request, response);
  };
}
