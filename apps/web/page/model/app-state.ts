import type { LoginForm } from './login-form.js';
import type { Problem } from './problem.js';
import type { PageConfig, PageLocation } from './server-address.js';
import type { Account, Workspace } from './workspace.js';

export type Language = 'en' | 'zh';
export type Theme = 'system' | 'light' | 'dark';

export interface Preferences {
  readonly language: Language;
  readonly theme: Theme;
}

/** Whether the user is signed in, with the data of that stage. */
export type Stage =
  | { readonly name: 'signed-out'; readonly form: LoginForm; readonly problem: Problem | undefined }
  | { readonly name: 'signing-in'; readonly form: LoginForm; readonly account: Account }
  | { readonly name: 'signed-in'; readonly form: LoginForm; readonly workspace: Workspace };

/** The state of the page. */
export interface AppState {
  readonly preferences: Preferences;
  readonly config: PageConfig;
  readonly location: PageLocation;
  readonly stage: Stage;
}
