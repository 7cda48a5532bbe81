import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { natsCluster } from '../src/nats-cluster.js';
import { readOptions } from '../src/options.js';

const SECRET = 'open-sesame-4711';
const nodeId = 'a';
const servers = 'nats://nats.example.com';
const CREDS = '-----BEGIN NATS USER JWT-----\nx\n-----BEGIN USER NKEY SEED-----\n';

describe('the options of natsCluster()', () => {
  it('have defaults', () => {
    expect(readOptions({ nodeId, servers })).toMatchObject({
      clusterName: 'main',
      servers: [{ host: 'nats.example.com', port: 4222 }],
      tls: undefined,
      backoffMs: 250,
      jitterMs: 100,
      pingMs: 1000,
      maxPings: 2,
      maxWaitingBytes: 8 * 1024 * 1024,
    });
  });

  it.each([
    ['nats://h:1234', { servers: [{ host: 'h', port: 1234 }], credentials: {} }],
    ['h', { servers: [{ host: 'h', port: 4222 }] }],
    ['[::1]:99', { servers: [{ host: '::1', port: 99 }] }],
    ['tls://h', { tls: {} }],
    ['nats://u:p%40s@h', { credentials: { user: 'u', pass: 'p@s' } }],
    ['nats://t%2F@h', { credentials: { token: 't/' } }],
    [['nats://u:p@h', 'nats://u:p@i:7'], { servers: [{ host: 'h' }, { host: 'i', port: 7 }] }],
  ])('read the servers %j', (given, settings) => {
    expect(readOptions({ nodeId, servers: given })).toMatchObject(settings);
  });

  it.each([
    ['nodeId', 'no name', { nodeId: '', servers }],
    ['nodeId', 'a name with a dot', { nodeId: 'a.b', servers }],
    ['nodeId', 'a name that is too long', { nodeId: 'a'.repeat(65), servers }],
    ['clusterName', 'a pattern', { nodeId, servers, clusterName: '*' }],
    ['servers', 'no servers', { nodeId } as never],
    ['servers', 'an empty list', { nodeId, servers: [] }],
    ['servers', 'a number', { nodeId, servers: [4222] as never }],
    ['servers', 'another protocol', { nodeId, servers: `http://u:${SECRET}@h` }],
    ['servers', 'a WebSocket', { nodeId, servers: 'wss://h' }],
    ['servers', 'no host', { nodeId, servers: 'nats://' }],
    ['servers', 'a port that is none', { nodeId, servers: `nats://u:${SECRET}@h:port` }],
    ['servers', 'a password with a bare #', { nodeId, servers: `nats://u:12#${SECRET}@h` }],
    ['servers', 'a password with a bare /', { nodeId, servers: `nats://u:12/${SECRET}@h` }],
    ['servers', 'an escape that cannot be read', { nodeId, servers: `nats://u:${SECRET}%E0%A4@h` }],
    ['servers', 'different credentials', { nodeId, servers: [`nats://u:${SECRET}@h`, 'nats://u:q@i'] }],
    ['servers', 'credentials twice', { nodeId, servers: `nats://u:${SECRET}@h`, token: SECRET }],
    ['user', 'a user that is a number', { nodeId, servers, user: 5 as never }],
    ['pass', 'a password without a user', { nodeId, servers, pass: SECRET }],
    ['token', 'an empty token', { nodeId, servers, token: '' }],
    ['token', 'a user and a token', { nodeId, servers, user: 'u', token: SECRET }],
    ['creds', 'the path of a credentials file', { nodeId, servers, creds: `/etc/${SECRET}.creds` }],
    ['creds', 'a user and a credentials file', { nodeId, servers, user: 'u', creds: CREDS }],
    ['tls', 'nothing for certificates', { nodeId, servers, tls: null as never }],
    ['tls.ca', 'a certificate of a wrong type', { nodeId, servers, tls: { ca: 5 as never } }],
    ['tls.cert', 'a key without its certificate', { nodeId, servers, tls: { key: SECRET } }],
    ['tls', 'a certificate that is none', { nodeId, servers, tls: { cert: 'c', key: SECRET } }],
    [
      'tls.caFile',
      'an option of tls that does not exist',
      { nodeId, servers, tls: { caFile: 'f' } as never },
    ],
    ['server', 'an option that does not exist', { nodeId, servers, server: 'h' } as never],
  ])('name %s if given %s, and do not show secrets', (option, _name, options) => {
    const errorOf = (): unknown => {
      try {
        return natsCluster(options);
      } catch (error) {
        return error;
      }
    };
    const error = errorOf();
    expect(error).toMatchObject({ name: 'UsageError', code: 'ERR_INVALID_OPTION' });
    expect(String(error)).toMatch(new RegExp(`options? (?:\\w+ and )*${option}\\b`.replace('.', '\\.')));
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(SECRET);
  });

  it('are not shown by the cluster', () => {
    const cluster = natsCluster({ nodeId, servers: `nats://u:${SECRET}@h` });
    expect(inspect(cluster, { depth: 20, showHidden: true })).not.toContain(SECRET);
  });
});
