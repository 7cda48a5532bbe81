import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry, MessageStore, Position, StoredMessage } from '@imcore/server/ports';
import { afterAll, beforeAll } from 'vitest';

/** Returns a new file name for each call, in a folder that is removed after the tests. */
export function useFiles(): () => string {
  let folder = '';
  let files = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'imcore-sqlite-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return () => {
    files += 1;
    return join(folder, `${files}.db`);
  };
}

export function message(fingerprint: string, to = 'bob'): StoredMessage {
  return { to, from: 'alice', fingerprint, body: `{"fp":"${fingerprint}"}`, acceptedAt: 1 };
}

/** The messages that the v6 device of a user has not taken. */
export async function entries(
  store: MessageStore,
  userId = 'bob',
  after: Position = 0,
  limit = 100_000,
): Promise<readonly Entry[]> {
  return (await store.take(userId, after, limit)).entries;
}

export async function fingerprints(store: MessageStore, userId = 'bob'): Promise<string[]> {
  return (await entries(store, userId)).map(({ fingerprint }) => fingerprint);
}
