export { type ChatPageConfig, type ChatPageHandler, chatPage } from './chat-page.js';
export type { WebSocketAddress } from './content-security.js';
export { PAGE_DIRECTORY } from './page-files.js';
