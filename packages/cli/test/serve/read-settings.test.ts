import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CommandError } from '../../src/command-error.js';
import { readSettings, type SettingSources } from '../../src/serve/read-settings.js';

describe('readSettings', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-settings-'));
    file = join(directory, 'imcore.json');
  });

  afterEach(() => rmSync(directory, { recursive: true }));

  const read = (sources: Partial<SettingSources>) =>
    readSettings({ flags: {}, environment: {}, file: undefined, ...sources });

  const problem = (sources: Partial<SettingSources>): CommandError => {
    try {
      read(sources);
    } catch (error) {
      if (error instanceof CommandError) return error;
      throw error;
    }
    throw new Error('the settings were accepted');
  };

  it('returns the defaults', () => {
    expect(read({})).toEqual({
      host: '0.0.0.0',
      tcpPort: 8901,
      udpPort: 7901,
      wsPort: 3000,
      wsPath: '/websocket',
      wsOrigins: undefined,
      wsForwardedHeader: 'x-forwarded-for',
      tcpProxyProtocol: 'off',
      trustedProxies: undefined,
      workers: 0,
      http: 8080,
      httpHost: '127.0.0.1',
      senseMode: undefined,
      store: 'memory',
      storeWaitMs: 60_000,
      sessions: 'many',
      v6Sessions: 'beside',
      maxDevices: 10,
      deviceExpiryMs: 2_592_000_000,
      historyMs: 0,
      cluster: undefined,
      nodeId: undefined,
      clusterName: 'main',
      bridge: undefined,
      bridgeOutgoing: 'q_app2web',
      bridgeIncoming: 'q_web2app',
      bridgeCa: undefined,
      bridgeCert: undefined,
      bridgeKey: undefined,
      tlsCert: undefined,
      tlsKey: undefined,
      token: undefined,
      serverTimestamp: false,
      limits: {},
      drainMs: 1000,
      logLevel: 'info',
      logFormat: 'auto',
    });
  });

  it('prefers a flag to the environment, and the environment to the file', () => {
    writeFileSync(file, '{"tcpPort":1,"udpPort":1,"wsPort":1}');
    const settings = read({
      flags: { tcpPort: '3' },
      environment: { IMCORE_TCP_PORT: '2', IMCORE_UDP_PORT: '2' },
      file,
    });
    expect([settings.tcpPort, settings.udpPort, settings.wsPort]).toEqual([3, 2, 1]);
  });

  it('ignores an empty environment variable', () => {
    expect(read({ environment: { IMCORE_TCP_PORT: '' } }).tcpPort).toBe(8901);
  });

  it('converts the text of environment variables', () => {
    const environment = { IMCORE_SENSE_MODE: '30', IMCORE_SERVER_TIMESTAMP: 'true', IMCORE_UDP_PORT: 'off' };
    expect(read({ environment })).toMatchObject({ senseMode: 30, serverTimestamp: true, udpPort: 'off' });
  });

  it('parses lists as text and as JSON', () => {
    writeFileSync(file, '{"wsOrigins":["https://a.example","capacitor://localhost"],"trustedProxies":[]}');
    const flags = { trustedProxies: '10.0.0.0/8, ::1', wsOrigins: 'https://b.example:8443' };
    expect(read({ flags })).toMatchObject({
      trustedProxies: ['10.0.0.0/8', '::1'],
      wsOrigins: ['https://b.example:8443'],
    });
    expect(read({ flags: { trustedProxies: 'none' } }).trustedProxies).toEqual([]);
    expect(read({ file })).toMatchObject({
      trustedProxies: [],
      wsOrigins: ['https://a.example', 'capacitor://localhost'],
    });
  });

  it.each([
    ['trustedProxies', '10.0.0.0/33'],
    ['trustedProxies', '10.0.0.0/8,'],
    ['trustedProxies', 'proxy.example'],
    ['trustedProxies', '::1/129'],
    ['wsOrigins', 'chat.example.com'],
    ['wsOrigins', 'https://chat.example.com/'],
    ['wsOrigins', '*'],
    ['wsForwardedHeader', 'x-real-ip'],
    ['tcpProxyProtocol', 'true'],
  ])('rejects %s %s', (name, value) => {
    const { message } = problem({ flags: { [name]: value } });
    expect(message).toMatch(
      /^--(trusted-proxies|ws-origins|ws-forwarded-header|tcp-proxy-protocol) must be /,
    );
    expect(message).toContain(`, got ${JSON.stringify(value)}`);
  });

  it('parses limits as text and as JSON', () => {
    writeFileSync(file, '{"limits":{"maxSessions":7}}');
    expect(read({ file }).limits).toEqual({ maxSessions: 7 });
    expect(read({ flags: { limits: 'maxSessions=8, packetsPerSecond=9' }, file }).limits).toEqual({
      maxSessions: 8,
      packetsPerSecond: 9,
    });
  });

  it.each<[Partial<SettingSources>, string]>([
    [{ flags: { tcpPort: '70000' } }, '--tcp-port must be a number from 0 to 65535, or "off", got "70000"'],
    [
      { environment: { IMCORE_WS_PORT: 'x' } },
      'IMCORE_WS_PORT must be a number from 0 to 65535, or "off", got "x"',
    ],
    [
      { environment: { IMCORE_SERVER_TIMESTAMP: 'yes' } },
      'IMCORE_SERVER_TIMESTAMP must be true or false, got "yes"',
    ],
    [{ flags: { senseMode: '4' } }, '--sense-mode must be one of 3, 5, 10, 15, 30, 60, 120, got "4"'],
    [
      { flags: { wsPath: 'websocket' } },
      '--ws-path must be a string that starts with "/", without spaces, "?" and "#", got "websocket"',
    ],
    [
      { flags: { logLevel: 'loud' } },
      '--log-level must be one of silent, error, warn, info, debug, got "loud"',
    ],
    [
      { flags: { limits: 'maxSessions=0' } },
      'maxSessions in --limits must be a whole number of 1 or more, got the number 0',
    ],
    [
      { flags: { limits: 'maxSessions=many' } },
      'maxSessions in --limits must be a whole number of 1 or more, got the string "many"',
    ],
    [{ flags: { limits: 'speed=1' } }, 'Unknown limit "speed" in --limits'],
    [
      { flags: { limits: 'maxSessions' } },
      'maxSessions in --limits must be a whole number of 1 or more, got the string ""',
    ],
    [{ flags: { sessions: 'two' } }, '--sessions must be one of many, one-per-kind, one, got "two"'],
    [
      { environment: { IMCORE_V6_SESSIONS: 'apart' } },
      'IMCORE_V6_SESSIONS must be one of beside, exclusive, got "apart"',
    ],
    [{ flags: { maxDevices: '0' } }, '--max-devices must be a whole number of 1 or more, got "0"'],
    [
      { flags: { deviceExpiryMs: '30d' } },
      '--device-expiry-ms must be a whole number of 1 or more, or "never", got "30d"',
    ],
    [{ flags: { historyMs: '-1' } }, '--history-ms must be a whole number of 0 or more, got "-1"'],
    [{ flags: { historyMs: '5', store: 'none' } }, 'historyMs is 5, but store is none'],
  ])('rejects %j: %s', (sources, message) => {
    expect(problem(sources).message).toBe(message);
  });

  it.each([
    ['{"tcpPort":-1}', 'tcpPort', 'a number from 0 to 65535, or "off", got the number -1'],
    ['{"tcpPort":"8901"}', 'tcpPort', 'a number from 0 to 65535, or "off", got the string "8901"'],
    ['{"tcpPort":true}', 'tcpPort', 'a number from 0 to 65535, or "off", got the boolean true'],
    ['{"serverTimestamp":"true"}', 'serverTimestamp', 'true or false, got the string "true"'],
    ['{"host":null}', 'host', 'a string, an address of this machine, got null'],
    ['{"host":[]}', 'host', 'a string, an address of this machine, got an array'],
    ['{"limits":5}', 'limits', 'an object of limits, such as {"maxSessions": 5000}, got the number 5'],
    [
      '{"limits":{"maxSessions":"7"}}',
      'maxSessions in limits',
      'a whole number of 1 or more, got the string "7"',
    ],
  ])('names the type of an invalid value in the file %s', (text, name, problemText) => {
    writeFileSync(file, text);
    expect(problem({ file }).message).toBe(`${name} in ${file} must be ${problemText}`);
  });

  it('reads which sessions may be open, and how long devices and messages are kept', () => {
    writeFileSync(file, '{"maxDevices":3,"deviceExpiryMs":"never"}');
    const environment = { IMCORE_SESSIONS: 'one-per-kind', IMCORE_V6_SESSIONS: 'exclusive' };
    expect(read({ file, environment, flags: { historyMs: '86400000' } })).toMatchObject({
      sessions: 'one-per-kind',
      v6Sessions: 'exclusive',
      maxDevices: 3,
      deviceExpiryMs: 'never',
      historyMs: 86_400_000,
    });
  });

  it('lists the valid limits for an unknown one', () => {
    expect(problem({ flags: { limits: 'speed=1' } }).advice).toMatch(/^Valid limits: .*\bmaxSessions\b.*\.$/);
  });

  it.each([
    ['{"token":{"value":"geheim"}}', 'token', 'a string that is not empty, got an object'],
    ['{"token":4711}', 'token', 'a string that is not empty, got a number'],
    [
      '{"bridge":"http://im:geheim@mq"}',
      'bridge',
      'a URL such as amqp://user:password@host:5672/vhost or amqps://…, or elsewhere',
    ],
  ])('never shows a secret of the file %s', (text, name, problemText) => {
    writeFileSync(file, text);
    const error = problem({ file });
    expect(error.message).toBe(`${name} in ${file} must be ${problemText}`);
    expect(`${error.message}${error.advice}`).not.toMatch(/geheim|4711/);
  });

  it.each(['tcpPrt', '__proto__x', 'toString'])('rejects the unknown setting %s', (name) => {
    writeFileSync(file, JSON.stringify({ [name]: 1 }));
    const error = problem({ file });
    expect(error.message).toBe(`Unknown setting "${name}" in ${file}.`);
    expect(error.advice).toMatch(/^Valid settings: host, tcpPort, .*, logFormat\.$/);
  });

  it.each([
    ['[]', 'must contain a JSON object, got an array'],
    ['5', 'must contain a JSON object, got a number'],
    ['{', 'Cannot read the configuration file'],
  ])('rejects the file %s', (text, message) => {
    writeFileSync(file, text);
    expect(problem({ file }).message).toContain(message);
  });

  it('names a missing file', () => {
    expect(problem({ file: join(directory, 'nowhere.json') }).message).toMatch(
      /^Cannot read the configuration file .*nowhere\.json: ENOENT/,
    );
  });

  it('says where the setting of a removed flag is now', () => {
    const error = problem({ flags: { bridgeCa: 'ca.pem' } });
    expect(error.message).toBe('--bridge-ca was removed');
    expect(error.advice).toBe(
      'Set "bridgeCa" in the configuration file (--config), or the environment variable IMCORE_BRIDGE_CA.',
    );
    writeFileSync(file, '{"bridgeKey":"key.pem"}');
    const settings = read({ environment: { IMCORE_BRIDGE_CA: 'ca.pem' }, file });
    expect([settings.bridgeCa, settings.bridgeKey]).toEqual(['ca.pem', 'key.pem']);
  });

  it.each<[string, string, Partial<SettingSources>]>([
    ['flag', '--trim-memory', { flags: { trimMemory: 'false' } }],
    ['environment variable', 'IMCORE_TRIM_MEMORY', { environment: { IMCORE_TRIM_MEMORY: 'false' } }],
  ])('explains a removed setting that is given as %s', (_source, name, sources) => {
    const error = problem(sources);
    expect(error.message).toBe(`${name} was removed`);
    expect(error.advice).toMatch(/^The server always returns unused memory/);
  });

  it('explains a removed setting in the file', () => {
    writeFileSync(file, '{"trimMemory":false}');
    const error = problem({ file });
    expect(error.message).toBe(`"trimMemory" in ${file} was removed`);
    expect(error.advice).toMatch(/^The server always returns unused memory/);
  });

  it('rejects a certificate without a key, and a key without a certificate', () => {
    expect(problem({ flags: { tlsCert: 'c.pem' } }).message).toBe('tlsCert is set, but tlsKey is not');
    expect(problem({ flags: { tlsKey: 'k.pem' } }).message).toBe('tlsKey is set, but tlsCert is not');
  });

  it('rejects a server without a listener', () => {
    const flags = { tcpPort: 'off', udpPort: 'off', wsPort: 'off' };
    const error = problem({ flags });
    expect(error.message).toBe('tcpPort, udpPort and wsPort are all off');
    expect(error.advice).toBe('Enable at least one listener.');
  });

  describe('a cluster', () => {
    const store = 'postgres://imcore:sesame@db.example.com/im';

    it.each([
      'postgres',
      'postgres://imcore:sesame@other.example.com/im',
      'nats://mq.example.com',
      'tls://user:sesame@mq1.example.com:4222, tls://user:sesame@mq2.example.com:4222',
    ])('can be %s', (cluster) => {
      expect(read({ flags: { cluster, store, nodeId: 'node_1-a' } })).toMatchObject({
        cluster,
        nodeId: 'node_1-a',
        clusterName: 'main',
      });
    });

    it.each(['memory', 'nats', 'redis://sesame@host', 'nats://', 'postgres:/sesame', 'nats://a,sesame'])(
      'cannot be %s, which is not repeated',
      (cluster) => {
        const { message } = problem({ flags: { cluster, store } });
        expect(message).toBe(
          '--cluster must be postgres, the postgres:// URL of a database, or nats:// or tls:// URLs of NATS servers',
        );
      },
    );

    it.each([
      ['memory', 'memory'],
      ['none', 'none'],
      ['/var/im.db', 'a file'],
    ])('requires a database as the store, not %s', (given, shown) => {
      const { message, advice } = problem({ flags: { cluster: 'postgres', store: given } });
      expect(message).toBe(
        `A cluster requires a store that all nodes share: a PostgreSQL database, got ${shown}`,
      );
      expect(advice).toContain('--store postgres://…');
    });

    it('is required for a node ID', () => {
      expect(problem({ flags: { nodeId: 'a' } }).message).toBe('nodeId is set, but cluster is not');
    });

    it.each(['', 'a b', 'a.b', 'x'.repeat(65)])('rejects the node ID "%s"', (nodeId) => {
      const { message } = problem({ flags: { nodeId, cluster: 'postgres', store } });
      expect(message).toContain('--node-id must be 1 to 64 of A-Z a-z 0-9 _ -, got ');
    });
  });
});
