import type { AppState, Preferences } from '../model/app-state.js';
import type { LoginForm } from '../model/login-form.js';
import type { Account } from '../model/workspace.js';

const ACCOUNT = 'imcore.account';
const FORM = 'imcore.form';
const PREFERENCES = 'imcore.preferences';

/** The saved fields of the form; never the token. */
type RememberedForm = Pick<LoginForm, 'server' | 'userId' | 'remember'>;

/** Wraps a browser storage that may be disabled or full: then nothing is saved, and nothing throws. */
export class SafeStorage {
  readonly #storage: () => Storage;

  constructor(storage: () => Storage) {
    this.#storage = storage;
  }

  read(key: string): unknown {
    try {
      return JSON.parse(this.#storage().getItem(key) ?? 'null');
    } catch {
      return null;
    }
  }

  write(key: string, value: unknown): void {
    try {
      if (value === undefined) this.#storage().removeItem(key);
      else this.#storage().setItem(key, JSON.stringify(value));
    } catch {
      // Disabled or full.
    }
  }
}

/** The saved login, form and preferences, per tab and per browser. */
export class SavedState {
  readonly #tab: SafeStorage;
  readonly #browser: SafeStorage;

  constructor(tab: SafeStorage, browser: SafeStorage) {
    this.#tab = tab;
    this.#browser = browser;
  }

  /** The account that was logged in in this tab before a reload. */
  accountOfTab(): Account | undefined {
    return readAccount(this.#tab.read(ACCOUNT));
  }

  /** The account that stays signed in in this browser. */
  accountOfBrowser(): Account | undefined {
    return readAccount(this.#browser.read(ACCOUNT));
  }

  form(): Partial<RememberedForm> {
    const { server, userId, remember } = members(this.#browser.read(FORM));
    return {
      ...(typeof server === 'string' && { server }),
      ...(typeof userId === 'string' && { userId }),
      ...(typeof remember === 'boolean' && { remember }),
    };
  }

  keepLogin(account: Account | undefined, { server, userId, remember }: LoginForm): void {
    this.#tab.write(ACCOUNT, account);
    this.#browser.write(ACCOUNT, remember ? account : undefined);
    this.#browser.write(FORM, { server, userId, remember });
  }

  preferences(): Partial<Preferences> {
    const { language, theme } = members(this.#browser.read(PREFERENCES));
    return {
      ...((language === 'en' || language === 'zh') && { language }),
      ...((theme === 'system' || theme === 'light' || theme === 'dark') && { theme }),
    };
  }

  keepPreferences(preferences: AppState['preferences']): void {
    this.#browser.write(PREFERENCES, preferences);
  }
}

function readAccount(value: unknown): Account | undefined {
  const { userId, server, token } = members(value);
  if (typeof userId !== 'string' || typeof server !== 'string') return undefined;
  return { userId, server, token: typeof token === 'string' ? token : undefined };
}

function members(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
