export { ImcoreProvider, type ImcoreProviderProps } from './provider.js';
export { useConnection } from './use-connection.js';
export { type Conversations, useConversations } from './use-conversations.js';
export { type Messages, useMessages } from './use-messages.js';
