import type { LoginError } from './errors.js';

/** The result of a login. */
export interface LoginResult {
  /** When the server accepted the login, in milliseconds since 1970 by the server's clock. */
  readonly firstLoginTime: number;
}

interface PendingLogin {
  resolve(result: LoginResult): void;
  reject(error: Error): void;
}

/** The pending promises of `login` and `openOutbox`. */
export class PendingLogins {
  /** One for each run whose outcome was not executed yet: a listener may log in again before that. */
  readonly #logins: PendingLogin[] = [];
  readonly #openings: (() => void)[] = [];

  login(): Promise<LoginResult> {
    return new Promise((resolve, reject) => {
      this.#logins.push({ resolve, reject });
    });
  }

  resolve(result: LoginResult): void {
    this.#logins.shift()?.resolve(result);
  }

  reject(error: LoginError): void {
    this.#logins.shift()?.reject(error);
  }

  opening(): Promise<void> {
    return new Promise((resolve) => {
      this.#openings.push(resolve);
    });
  }

  opened(): void {
    for (const resolve of this.#openings.splice(0)) resolve();
  }
}
