export { conversationView } from './conversation-view.js';
export type {
  ConnectionSnapshot,
  ConversationListSnapshot,
  ConversationSnapshot,
  ConversationSummary,
  DeliveryState,
  HistoryState,
  MessageFailure,
  SnapshotStore,
  ViewGap,
  ViewItem,
  ViewMessage,
} from './snapshots.js';
export type {
  ConversationHandle,
  ConversationList,
  ConversationView,
  ViewClient,
  ViewOptions,
  ViewSendRequest,
} from './view-types.js';
