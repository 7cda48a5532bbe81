import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { postgresStore } from '../src/postgres-store.js';

describe('postgresStore without a database', () => {
  const secret = 'open-sesame-4711';

  it('is unhealthy when no server listens, without exposing the password', async () => {
    const store = postgresStore({ url: `postgres://alice:${secret}@127.0.0.1:1/test` });
    const health = await store.health();
    expect(health).toMatchObject({ ok: false, problem: expect.stringContaining('ECONNREFUSED') });
    expect(inspect(health, { depth: 20, showHidden: true })).not.toContain(secret);
    await store.close();
  });

  it('rejects when no server listens, without exposing the password', async () => {
    const store = postgresStore({ url: `postgres://alice:${secret}@127.0.0.1:1/test` });
    const error = await store.count('bob').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'StoreError', code: 'ERR_STORE_FAILED' });
    expect(String(error)).toContain('ECONNREFUSED');
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
    await store.close();
  });

  it('rejects an invalid url without repeating it', () => {
    const error = thrownBy(() => postgresStore({ url: `postgres://alice:${secret}@host:not-a-port/test` }));
    expect(error).toMatchObject({ code: 'ERR_STORE_FAILED' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(secret);
  });

  it.each([
    [{ maxPerUser: 0 }, /maxPerUser/],
    [{ rememberMs: -1 }, /rememberMs/],
    [{ maxConnections: 1.5 }, /maxConnections/],
    [{ connectTimeoutMs: 0 }, /connectTimeoutMs/],
    [{ statementTimeoutMs: Number.NaN }, /statementTimeoutMs/],
    [{ schema: '' }, /schema/],
    [{ schema: 'x'.repeat(64) }, /schema/],
  ])('rejects %j', (options, message) => {
    expect(() => postgresStore(options)).toThrowError(message);
  });

  it('rejects an unknown option', () => {
    const misspelt: object = { maxPeruser: 5 };
    expect(() => postgresStore(misspelt)).toThrowError(/option maxPeruser does not exist/);
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
