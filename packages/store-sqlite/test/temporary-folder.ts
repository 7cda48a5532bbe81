import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MessageStore, StoredMessage } from '@imcore/server/ports';
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

export async function fingerprints(store: MessageStore, userId = 'bob'): Promise<string[]> {
  return (await store.take(userId, undefined, 100_000)).map(({ fingerprint }) => fingerprint);
}
