import type { Preferences } from './app-state.js';
import type { Conversation } from './conversation.js';
import type { LoginForm } from './login-form.js';
import type { OutgoingMessage } from './message.js';
import type { Account } from './workspace.js';

/** A side effect. Effects are executed in order. */
export type AppEffect =
  /** Log in, with a short timeout (from the form) or a long one (reconnect). */
  | { readonly kind: 'log-in'; readonly account: Account; readonly timeout: 'short' | 'long' }
  | { readonly kind: 'log-out' }
  | { readonly kind: 'retry-now' }
  | { readonly kind: 'open-history'; readonly account: Account }
  | { readonly kind: 'load-page'; readonly peer: string; readonly before: number | undefined }
  /** Load older messages of the server's history of the open conversation. */
  | { readonly kind: 'load-older'; readonly peer: string }
  | { readonly kind: 'load-devices' }
  | { readonly kind: 'remove-device'; readonly id: string }
  /** Write the message to the history, then send it. */
  | { readonly kind: 'post'; readonly message: OutgoingMessage }
  | {
      readonly kind: 'keep-message';
      readonly id: string;
      readonly delivery: OutgoingMessage['delivery'];
      readonly failure: OutgoingMessage['failure'];
      /** The server's time, if it is known now. */
      readonly at: number | undefined;
    }
  | { readonly kind: 'keep-conversation'; readonly conversation: Conversation }
  /** `deleted`: what is kept of it, so that the server's messages are not shown again. */
  | {
      readonly kind: 'delete-conversation';
      readonly peer: string;
      readonly deleted: Conversation | undefined;
    }
  /** Save the account in this tab, and in this browser if the form says so; undefined deletes it. */
  | { readonly kind: 'remember'; readonly account: Account | undefined; readonly form: LoginForm }
  | { readonly kind: 'keep-preferences'; readonly preferences: Preferences }
  /** Show the open conversation in the URL of the page. */
  | { readonly kind: 'show-peer'; readonly peer: string | undefined };

/** A new state and its side effects. */
export interface Step<State> {
  readonly state: State;
  readonly effects: readonly AppEffect[];
}

export function step<State>(state: State, ...effects: AppEffect[]): Step<State> {
  return { state, effects };
}
