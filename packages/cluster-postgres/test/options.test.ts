import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { readOptions } from '../src/options.js';
import { postgresCluster } from '../src/postgres-cluster.js';

const SECRET = 'open-sesame-4711';
const nodeId = 'a';
const url = `postgres://imcore:${SECRET}@db.example.com/imcore`;

describe('the options of postgresCluster()', () => {
  it('have defaults', () => {
    expect(readOptions({ nodeId })).toMatchObject({
      clusterName: 'main',
      probeMs: 1000,
      minBackoffMs: 250,
      maxBackoffMs: 2000,
      maxWaitingBytes: 8 * 1024 * 1024,
    });
  });

  it.each(['postgres://h/d', 'postgresql://u:p%40s@h:5433/d', 'postgres:///d?host=/run/postgresql'])(
    'take the URL %s',
    (given) => {
      expect(postgresCluster({ nodeId, url: given })).toMatchObject({ nodeId: 'a', maxFrameBytes: 5900 });
    },
  );

  it('take names that fill a channel', () => {
    expect(readOptions({ nodeId: 'n'.repeat(52), clusterName: 'c' })).toMatchObject({ clusterName: 'c' });
  });

  it.each([
    ['nodeId', 'no name', { nodeId: '' }],
    ['nodeId', 'a name with a dot', { nodeId: 'a.b' }],
    ['nodeId', 'a name with a quotation mark', { nodeId: 'a"b' }],
    ['nodeId', 'a name that fills a channel', { nodeId: 'n'.repeat(50) }],
    ['clusterName', 'a name that fills a channel', { nodeId: 'n', clusterName: 'c'.repeat(64) }],
    ['clusterName', 'a number', { nodeId, clusterName: 5 as never }],
    ['url', 'a number', { nodeId, url: 5 as never }],
    ['url', 'another protocol', { nodeId, url: `mysql://u:${SECRET}@h/d` }],
    ['url', 'a URL that cannot be read', { nodeId, url: `postgres://u:${SECRET}@h:port/d` }],
    ['url', 'a certificate that is not there', { nodeId, url: `${url}?sslrootcert=/nowhere/ca.pem` }],
    ['connection', 'no object', { nodeId, connection: null as never }],
    ['connection.pass', 'an option that does not exist', { nodeId, connection: { pass: SECRET } as never }],
    ['uri', 'an option that does not exist', { nodeId, uri: url } as never],
  ])('name %s if given %s, and do not show secrets', (option, _name, options) => {
    const errorOf = (): unknown => {
      try {
        return postgresCluster(options);
      } catch (error) {
        return error;
      }
    };
    const error = errorOf();
    expect(error).toMatchObject({ name: 'UsageError', code: 'ERR_INVALID_OPTION' });
    expect(String(error)).toContain(`option ${option} `);
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(SECRET);
  });

  it('say how long a name may be, and what PostgreSQL allows', () => {
    expect(() => readOptions({ nodeId: 'n'.repeat(50) })).toThrow(
      /option nodeId must have at most 49 characters, got .* in the cluster the string "main": its channel would have 64 bytes, and PostgreSQL allows 63/,
    );
    expect(() => readOptions({ nodeId: 'n', clusterName: 'c'.repeat(60) })).toThrow(
      /option clusterName must have at most 52 characters/,
    );
  });

  it('are not shown by the cluster', () => {
    expect(inspect(postgresCluster({ nodeId, url }), { depth: 20, showHidden: true })).not.toContain(SECRET);
  });
});
