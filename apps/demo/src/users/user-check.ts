import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SettingError } from '../settings.js';

/** Checks users and passwords. */
export interface UserCheck {
  /** Whether anyone can log in with any user ID. */
  readonly isOpen: boolean;
  accepts(userId: string, password: string | undefined): boolean;
}

/** Checks nothing, as in the tutorial. */
const openCheck: UserCheck = { isOpen: true, accepts: () => true };

const usersFile = z.record(z.string().min(1), z.string().min(1));

/**
 * Reads the users: `users` takes precedence over `usersFile`; without both, anyone can log in.
 *
 * @throws SettingError with the variable, but no password.
 */
export function readUserCheck(settings: {
  readonly users: string | undefined;
  readonly usersFile: string | undefined;
}): UserCheck {
  if (settings.users !== undefined) return closedCheck(parseUsers(settings.users));
  if (settings.usersFile !== undefined) return closedCheck(readUsers(settings.usersFile));
  return openCheck;
}

function closedCheck(passwords: ReadonlyMap<string, string>): UserCheck {
  return {
    isOpen: false,
    accepts(userId, password) {
      const expected = passwords.get(userId);
      return expected !== undefined && password !== undefined && isSame(password, expected);
    },
  };
}

/** Compares in constant time. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function parseUsers(text: string): Map<string, string> {
  const pairs = text.split(',').map((pair): [string, string] => {
    const colon = pair.indexOf(':');
    const [name, password] = [pair.slice(0, colon).trim(), pair.slice(colon + 1)];
    if (colon < 1 || name === '' || password === '') {
      throw new SettingError('IMCORE_USERS must be a list such as name:password,name:password');
    }
    return [name, password];
  });
  return new Map(pairs);
}

function readUsers(path: string): Map<string, string> {
  try {
    return new Map(Object.entries(usersFile.parse(JSON.parse(readFileSync(path, 'utf8')))));
  } catch {
    throw new SettingError(`IMCORE_USERS_FILE: ${path} must contain a JSON object of passwords by name`);
  }
}
