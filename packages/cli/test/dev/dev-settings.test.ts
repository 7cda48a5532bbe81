import { describe, expect, it } from 'vitest';
import { readDevSettings } from '../../src/dev/dev-settings.js';

const flags = { nodes: '3', port: '8080' };

describe('readDevSettings', () => {
  it('reads the flags', () => {
    const store = 'postgres://postgres@127.0.0.1/imcore';
    expect(readDevSettings({ ...flags, store, cluster: 'nats://127.0.0.1:4222' })).toEqual({
      nodes: 3,
      port: 8080,
      store,
      cluster: 'nats://127.0.0.1:4222',
    });
  });

  it.each([
    [{ nodes: '1' }, '--nodes must be a whole number from 2 to 9, got "1"'],
    [{ nodes: '10' }, '--nodes must be a whole number from 2 to 9, got "10"'],
    [{ port: '65500' }, '--port must be a whole number from 0 to 65400, got "65500"'],
    [{ store: 'imcore.db' }, '--store must be the URL of a PostgreSQL database'],
    [{ store: 'memory' }, '--store must be the URL of a PostgreSQL database'],
    [{ cluster: 'tls://10.0.0.1:4222' }, '--cluster must be postgres, a postgres:// URL, or the nats:// URL'],
    [
      { cluster: 'nats://a:4222,nats://b:4222' },
      '--cluster must be postgres, a postgres:// URL, or the nats:// URL',
    ],
  ])('rejects %j', (given, message) => {
    expect(() => readDevSettings({ ...flags, ...given })).toThrow(message);
  });

  it('rejects a bus with TLS, which the proxy in between would break, and does not print its password', () => {
    const store = 'postgres://im:secret@db.example.com/im?sslmode=verify-full';
    const read = () => readDevSettings({ ...flags, store, cluster: 'postgres' });
    expect(read).toThrow('which TLS does not allow');
    expect(read).not.toThrow('secret');
    expect(readDevSettings({ ...flags, store, cluster: 'nats://127.0.0.1:4222' }).store).toBe(store);
  });
});
