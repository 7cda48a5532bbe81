import type { Account, Desk } from './desk.js';
import type { LoginForm } from './login-form.js';
import type { Problem } from './problem.js';
import type { PageConfig, PageLocation } from './server-address.js';

export type Language = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';

export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
}

/** Where the user is. */
export type Stage =
  | { readonly name: 'signed-out'; readonly form: LoginForm; readonly problem: Problem | undefined }
  | { readonly name: 'signing-in'; readonly form: LoginForm; readonly account: Account }
  | { readonly name: 'signed-in'; readonly form: LoginForm; readonly desk: Desk };

/** All that the page shows. */
export interface AppState {
  readonly preferences: Preferences;
  readonly config: PageConfig;
  readonly location: PageLocation;
  readonly stage: Stage;
}
