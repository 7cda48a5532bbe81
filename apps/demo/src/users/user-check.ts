import { timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { SettingError } from '../settings.js';

/** Who may log in, and with what. */
export interface UserCheck {
  /** Whether everybody may log in under any name. */
  readonly isOpen: boolean;
  accepts(userId: string, password: string | undefined): boolean;
}

/** Checks nothing, as the tutorial. */
const openCheck: UserCheck = { isOpen: true, accepts: () => true };

const usersFile = z.record(z.string().min(1), z.string().min(1));

/**
 * Reads who may log in: `users` wins over `usersFile`; with neither everybody may.
 *
 * @throws SettingError that names the variable and no password.
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

/** Compares in a time that tells nothing of where two texts of one length differ. */
function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

function parseUsers(text: string): Map<string, string> {
  const pairs = text.split(',').map((pair): [string, string] => {
    const colon = pair.indexOf(':');
    const [name, password] = [pair.slice(0, colon).trim(), pair.slice(colon + 1)];
    if (colon < 1 || name === '' || password === '') {
      throw new SettingError('IMCORE_USERS cannot be used; allowed: name:password,name:password');
    }
    return [name, password];
  });
  return new Map(pairs);
}

function readUsers(path: string): Map<string, string> {
  try {
    return new Map(Object.entries(usersFile.parse(JSON.parse(readFileSync(path, 'utf8')))));
  } catch {
    throw new SettingError(`IMCORE_USERS_FILE: ${path} is no JSON object of passwords by name`);
  }
}
