import type { Problem } from './problem.js';
import { isAllowed, normalizeServer, type PageConfig, type PageLocation } from './server-address.js';
import { isUserId } from './user-id.js';
import type { Account } from './workspace.js';

/** The fields of the sign-in form. */
export interface LoginForm {
  readonly server: string;
  readonly userId: string;
  readonly token: string;
  /** Whether this browser stays signed in. */
  readonly remember: boolean;
}

/** Validates the form. Returns the account, or the problem. */
export function checkForm(form: LoginForm, config: PageConfig, location: PageLocation): Account | Problem {
  const userId = form.userId.trim();
  const token = form.token === '' ? undefined : form.token;
  if (userId === '') return { code: 'user-id-missing' };
  if (!isUserId(userId)) return { code: 'user-id-invalid' };
  if (token === undefined && config.tokenRequired) return { code: 'token-missing' };
  const server = normalizeServer(form.server, location);
  if (server === undefined) return { code: 'server-invalid' };
  if (!isAllowed(server, config, location)) {
    return { code: 'server-elsewhere', host: new URL(server).host };
  }
  return { userId, server, token };
}
