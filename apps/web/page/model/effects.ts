import type { Preferences } from './app-state.js';
import type { Conversation } from './conversation.js';
import type { Account } from './desk.js';
import type { LoginForm } from './login-form.js';
import type { OutgoingMessage } from './message.js';

/** What is to be done outside the state. Carried out in order. */
export type AppEffect =
  /** Logs in: once, to tell whether it works, or for as long as it takes. */
  | { readonly kind: 'log-in'; readonly account: Account; readonly patience: 'brief' | 'endless' }
  | { readonly kind: 'log-out' }
  | { readonly kind: 'retry-now' }
  | { readonly kind: 'open-history'; readonly account: Account }
  | { readonly kind: 'load-page'; readonly peer: string; readonly before: number | undefined }
  /** Writes the message to the history, then sends it. */
  | { readonly kind: 'post'; readonly message: OutgoingMessage }
  | {
      readonly kind: 'keep-message';
      readonly id: string;
      readonly delivery: OutgoingMessage['delivery'];
      readonly failure: OutgoingMessage['failure'];
    }
  | { readonly kind: 'keep-conversation'; readonly conversation: Conversation }
  | { readonly kind: 'delete-conversation'; readonly peer: string }
  /** Remembers who is logged in, in this tab, and in this browser where the form says so; undefined forgets it. */
  | { readonly kind: 'remember'; readonly account: Account | undefined; readonly form: LoginForm }
  | { readonly kind: 'keep-preferences'; readonly preferences: Preferences }
  /** Puts the open conversation into the address of the page. */
  | { readonly kind: 'show-peer'; readonly peer: string | undefined };

/** A state, and what must be done because of it. */
export interface Step<State> {
  readonly state: State;
  readonly effects: readonly AppEffect[];
}

export function step<State>(state: State, ...effects: AppEffect[]): Step<State> {
  return { state, effects };
}
