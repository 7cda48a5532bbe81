import type { Account } from './desk.js';
import type { Problem } from './problem.js';
import { isAllowed, normalizeServer, type PageConfig, type PageLocation } from './server-address.js';
import { isUserId } from './user-id.js';

/** What stands in the form. */
export interface LoginForm {
  readonly server: string;
  readonly userId: string;
  readonly token: string;
  /** Whether this browser logs in by itself from now on. */
  readonly remember: boolean;
}

/** The account that a form describes, or what is wrong with it. */
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
