import type { Language, Theme } from './app-state.js';
import type { Conversation } from './conversation.js';
import type { Device } from './device.js';
import type { LoginForm } from './login-form.js';
import type { ChatMessage, IncomingMessage, Outcome, OutgoingMessage } from './message.js';
import type { Problem } from './problem.js';
import type { ServerThread } from './thread.js';
import type { Workspace } from './workspace.js';

/** The events of a signed-in user. */
export type WorkspaceEvent =
  // User actions.
  | { readonly kind: 'opened'; readonly peer: string; readonly order: number }
  | { readonly kind: 'left' }
  | { readonly kind: 'searched'; readonly text: string }
  | { readonly kind: 'list-chosen'; readonly list: Workspace['list'] }
  | { readonly kind: 'drafted'; readonly peer: string; readonly text: string }
  | {
      readonly kind: 'composed';
      readonly text: string;
      readonly id: string;
      readonly at: number;
      readonly order: number;
    }
  | { readonly kind: 'retried'; readonly id: string }
  | { readonly kind: 'scrolled'; readonly isAtEnd: boolean }
  | { readonly kind: 'older-wanted' }
  | { readonly kind: 'contact-toggled'; readonly peer: string }
  | { readonly kind: 'conversation-deleted'; readonly peer: string }
  | { readonly kind: 'focus-changed'; readonly isFocused: boolean }
  | { readonly kind: 'retry-wanted' }
  | { readonly kind: 'devices-wanted' }
  | { readonly kind: 'device-removed'; readonly id: string }
  | { readonly kind: 'taken-over' }
  // History.
  | { readonly kind: 'history-opened'; readonly conversations: readonly Conversation[] }
  | {
      readonly kind: 'page-loaded';
      readonly peer: string;
      readonly messages: readonly ChatMessage[];
      readonly isLast: boolean;
    }
  | { readonly kind: 'history-failed' }
  /** The server's history of the open conversation, with what has arrived since. */
  | { readonly kind: 'thread-shown'; readonly peer: string; readonly thread: ServerThread }
  /** The newest messages of the conversations that the server knows. */
  | { readonly kind: 'conversations-found'; readonly newest: readonly ChatMessage[] }
  | { readonly kind: 'devices-found'; readonly devices: readonly Device[] | undefined }
  // Connection.
  | { readonly kind: 'online'; readonly at: number; readonly isDevice: boolean }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'waiting'; readonly retryAt: number; readonly problem: Problem | undefined }
  | { readonly kind: 'measured'; readonly roundTripMs: number }
  | {
      readonly kind: 'kicked';
      readonly code: number;
      readonly reason: string | undefined;
      readonly at: number;
      readonly isOwnBrowser: boolean;
    }
  /** `isNew`: the user has not seen it on this device. */
  | { readonly kind: 'received'; readonly message: IncomingMessage; readonly isNew: boolean }
  /** Another device of the user has sent it. */
  | { readonly kind: 'echoed'; readonly message: OutgoingMessage }
  | { readonly kind: 'settled'; readonly id: string; readonly peer: string; readonly outcome: Outcome };

/** All events of the page. */
export type AppEvent =
  | { readonly kind: 'form-changed'; readonly form: LoginForm }
  | { readonly kind: 'submitted' }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'signed-in';
      readonly at: number;
      readonly isFocused: boolean;
      readonly isDevice: boolean;
    }
  | { readonly kind: 'sign-in-failed'; readonly problem: Problem }
  | { readonly kind: 'signed-out' }
  | { readonly kind: 'language-chosen'; readonly language: Language }
  | { readonly kind: 'theme-chosen'; readonly theme: Theme }
  | WorkspaceEvent;
