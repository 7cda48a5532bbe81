import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeFrameBody } from '@imcore/protocol';
import type { MessageStore } from '@imcore/server';
import type { StoredMessage } from '@imcore/server/ports';
import { sqliteStore } from '@imcore/store-sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backup } from '../../src/store/backup.js';
import { changeDeadLetters } from '../../src/store/dead-letters.js';
import { list } from '../../src/store/list.js';
import { parseAge } from '../../src/store/parse-age.js';
import { purge } from '../../src/store/purge.js';
import { repair } from '../../src/store/repair.js';
import { stats } from '../../src/store/stats.js';

const DAY_MS = 86_400_000;
const NOW = 1_700_000_000_000;

function storedMessage(to: string, fp: string, content: string, daysAgo = 0): StoredMessage {
  const dataContent = Buffer.from(content, 'utf8').toString('utf8');
  const body = encodeFrameBody({
    bridge: false,
    type: 2,
    dataContent,
    from: 'alice',
    to,
    fp,
    QoS: true,
    typeu: -1,
    sm: -1,
  });
  return { to, from: 'alice', fingerprint: fp, body, acceptedAt: NOW - daysAgo * DAY_MS };
}

describe('imcore store', () => {
  let folder = '';
  let file = '';
  let server: MessageStore;
  let lines: string[] = [];
  let notices: string[] = [];
  const output = {
    out: (line: string) => void lines.push(line),
    notice: (text: string) => void notices.push(text),
  };

  /** A server has the file open. */
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'imcore-store-'));
    file = join(folder, 'messages.db');
    lines = [];
    notices = [];
    server = sqliteStore({ file, wallTime: () => NOW, maxAgeMs: 50 * DAY_MS });
    await server.append([
      storedMessage('bob', 'dead', 'far too old', 60),
      storedMessage('bob', 'old', 'old news', 40),
      storedMessage('bob', 'new', 'red \u001b[31malert\u202e'),
      storedMessage('carol', 'long', 'x'.repeat(500), 40),
    ]);
    await server.expire(NOW, 10);
  });
  afterEach(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('stats shows the number, size and age of messages, and the users for whom most wait', async () => {
    await stats({ store: file, top: '1' }, output);
    expect(lines[0]).toMatch(/^waiting {7}3 messages, \d+ bytes$/);
    expect(lines.slice(1, 3)).toEqual(['oldest        2023-10-05T22:13:20.000Z', 'dead letters  1']);
    expect(lines.slice(3)).toEqual([expect.stringMatching(/^ {2}bob {2}2 messages, \d+ bytes$/)]);
  });

  it('stats prints JSON', async () => {
    await stats({ store: file, top: '10', json: true }, output);
    expect(JSON.parse(lines.join(''))).toMatchObject({
      waiting: 3,
      deadLetters: 1,
      oldestAcceptedAt: NOW - 40 * DAY_MS,
      queues: [
        { userId: 'bob', messages: 2 },
        { userId: 'carol', messages: 1 },
      ],
    });
  });

  it('list shows a queue in order, one line per message, without control characters', async () => {
    await list({ store: file, user: 'bob', limit: '10' }, output);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^2 {2}2023-10-05T22:13:20.000Z {2}alice → bob {2}old {2}\d+ B {2}old news$/);
    expect(lines[1]).toContain('red \\u001b[31malert\\u202e');
  });

  it('list shortens content, and prints all of it as JSON', async () => {
    await list({ store: file, user: 'carol', limit: '10' }, output);
    expect(lines[0]).toMatch(/ x{59}…$/);
    await list({ store: file, user: 'carol', limit: '10', json: true }, output);
    expect(JSON.parse(lines[1] ?? '')).toMatchObject({ to: 'carol', content: 'x'.repeat(500) });
  });

  it('list says how to continue', async () => {
    await list({ store: file, user: 'bob', limit: '1' }, output);
    expect(notices).toEqual(['More messages follow: continue with --after 2\n']);
    await list({ store: file, user: 'bob', limit: '1', after: '2' }, output);
    expect(lines[1]).toContain('  new  ');
    expect(notices).toHaveLength(1);
  });

  it('dead letters are listed, and return to their queue when they are resent', async () => {
    await list({ store: file, dead: true, limit: '10' }, output);
    expect(lines).toEqual([expect.stringMatching(/expired 2023-11-14T22:13:20.000Z {2}far too old$/)]);
    await changeDeadLetters('resend', [], { store: file, all: true }, output, () => NOW);
    expect(lines[1]).toBe('resent 1 of 1 dead letters');
    const waiting = await server.take('bob', 0, 10);
    expect(waiting.entries.map(({ fingerprint }) => fingerprint)).toEqual(['old', 'new', 'dead']);
  });

  it('dead letters are deleted by number, and other numbers are ignored', async () => {
    await changeDeadLetters('discard', ['1', '2', '999'], { store: file, json: true }, output);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ asked: 3, done: 1 });
    expect(await server.health()).toMatchObject({ waiting: 3, deadLetters: 0 });
  });

  it('requires exactly one selection of dead letters', async () => {
    await expect(changeDeadLetters('discard', [], { store: file }, output)).rejects.toThrowError(
      /exactly one of/,
    );
    await expect(
      changeDeadLetters('discard', ['1'], { store: file, all: true }, output),
    ).rejects.toThrowError(/exactly one of/);
  });

  it('purge deletes old waiting messages and dead letters, and a running server notices', async () => {
    await purge({ store: file, olderThan: '30d' }, output, () => NOW);
    expect(lines).toEqual(['deleted 3 messages']);
    expect(await server.health()).toMatchObject({ waiting: 1, deadLetters: 0 });
    expect(await server.count('carol')).toEqual({ messages: 0, bytes: 0 });
    expect(await server.append([storedMessage('bob', 'old', 'old news')])).toEqual([
      { outcome: 'duplicate', id: 2, position: undefined },
    ]);
  });

  it('purge of one user keeps the messages of others', async () => {
    await purge({ store: file, olderThan: '30d', user: 'bob', json: true }, output, () => NOW);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ deleted: 2 });
    expect(await server.count('carol')).toMatchObject({ messages: 1 });
  });

  it('purges page by page, and shows its progress', async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => storedMessage('dave', `${index}`, 'x', 40));
    await server.append(many);
    await purge({ store: file, olderThan: '30d', user: 'dave' }, output, () => NOW);
    expect(lines).toEqual(['deleted 12000 messages']);
    expect(notices).toEqual(['10000 processed, 10000 deleted\n']);
    expect(await server.count('dave')).toEqual({ messages: 0, bytes: 0 });
  });

  it('backup copies a snapshot while the server runs, and the copy is a valid store', async () => {
    const target = join(folder, 'backup.db');
    const copying = backup(target, { store: file }, output);
    await server.append([storedMessage('bob', 'meanwhile', 'hello')]);
    await copying;
    expect(lines).toEqual([expect.stringMatching(/^wrote .*backup\.db, \d+ bytes$/)]);
    const copy = sqliteStore({ file: target, maxAgeMs: 50 * DAY_MS });
    const waiting = (await copy.take('bob', 0, 10)).entries.map(({ fingerprint }) => fingerprint);
    expect(waiting.slice(0, 2)).toEqual(['old', 'new']);
    expect(await copy.health()).toMatchObject({ ok: true, deadLetters: 1 });
    expect(await copy.epoch()).not.toBe(await server.epoch());
    await copy.close();
  });

  it('backup does not overwrite a file', async () => {
    await expect(backup(file, { store: file }, output)).rejects.toThrowError(/already exists/);
    expect(existsSync(`${file}.partial`)).toBe(false);
  });

  it('repair changes nothing without a problem, and nothing while a server runs', async () => {
    await expect(repair({ store: file }, output)).rejects.toThrowError(/ERR_STORE_IN_USE/);
    await server.close();
    await repair({ store: file }, output);
    expect(lines).toEqual(['nothing to repair']);
  });

  it('repair keeps a copy of a log that belongs to another file', async () => {
    const left = join(folder, 'left.db');
    writeFileSync(left, '');
    copyFileSync(`${file}-wal`, `${left}-wal`);
    await repair({ store: left }, output);
    expect(lines).toEqual([
      expect.stringMatching(/^repaired: the file is empty\. The log is kept in .*left\.db-wal\.foreign-/),
    ]);
    await sqliteStore({ file: left }).close();
  });

  it('does not create a missing file', async () => {
    const missing = join(folder, 'missing.db');
    await expect(repair({ store: missing }, output)).rejects.toThrowError(/does not exist/);
    await expect(stats({ store: missing, top: '1' }, output)).rejects.toThrowError(/does not exist/);
    expect(existsSync(missing)).toBe(false);
  });

  it.each([undefined, 'memory', 'none'])('requires a file when the store is %s', async (store) => {
    const flags = store === undefined ? { top: '1' } : { store, top: '1' };
    await expect(stats(flags, output)).rejects.toThrowError(/No store given/);
  });
});

describe('parseAge', () => {
  it.each([
    ['90s', 90_000],
    ['45m', 2_700_000],
    ['12h', 43_200_000],
    ['30d', 2_592_000_000],
  ])('parses %s', (text, ms) => expect(parseAge(text)).toBe(ms));

  it.each(['30', 'd', '-1d', '1.5h', '30 d', '30days', ''])('rejects %j', (text) => {
    expect(() => parseAge(text)).toThrowError(
      `--older-than must be an age such as 30d, 12h, 45m or 90s, got ${JSON.stringify(text)}`,
    );
  });
});
