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
    throw new Error('the settings were taken');
  };

  it('has the defaults where nobody says anything', () => {
    expect(read({})).toEqual({
      host: '0.0.0.0',
      tcpPort: 8901,
      udpPort: 7901,
      wsPort: 3000,
      wsPath: '/websocket',
      http: 8080,
      httpHost: '127.0.0.1',
      senseMode: undefined,
      store: 'memory',
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
      trimMemory: true,
      logLevel: 'info',
      logFormat: 'auto',
    });
  });

  it('takes a flag before the environment, the environment before the file', () => {
    writeFileSync(file, '{"tcpPort":1,"udpPort":1,"wsPort":1}');
    const settings = read({
      flags: { tcpPort: '3' },
      environment: { IMCORE_TCP_PORT: '2', IMCORE_UDP_PORT: '2' },
      file,
    });
    expect([settings.tcpPort, settings.udpPort, settings.wsPort]).toEqual([3, 2, 1]);
  });

  it('takes an empty environment variable for none', () => {
    expect(read({ environment: { IMCORE_TCP_PORT: '' } }).tcpPort).toBe(8901);
  });

  it('reads texts as what they stand for', () => {
    const environment = { IMCORE_SENSE_MODE: '30', IMCORE_SERVER_TIMESTAMP: 'true', IMCORE_UDP_PORT: 'off' };
    expect(read({ environment })).toMatchObject({ senseMode: 30, serverTimestamp: true, udpPort: 'off' });
  });

  it('reads limits as text and as JSON', () => {
    writeFileSync(file, '{"limits":{"maxSessions":7}}');
    expect(read({ file }).limits).toEqual({ maxSessions: 7 });
    expect(read({ flags: { limits: 'maxSessions=8, packetsPerSecond=9' }, file }).limits).toEqual({
      maxSessions: 8,
      packetsPerSecond: 9,
    });
  });

  it.each<[string, Partial<SettingSources>, string]>([
    ['a flag', { flags: { tcpPort: '70000' } }, '--tcp-port is "70000"'],
    ['a variable', { environment: { IMCORE_WS_PORT: 'x' } }, 'IMCORE_WS_PORT is "x"'],
    ['a switch', { environment: { IMCORE_SERVER_TIMESTAMP: 'yes' } }, 'IMCORE_SERVER_TIMESTAMP is "yes"'],
    ['a sense mode', { flags: { senseMode: '4' } }, '--sense-mode is "4"'],
    ['a path', { flags: { wsPath: 'websocket' } }, '--ws-path is "websocket"'],
    ['a level', { flags: { logLevel: 'loud' } }, '--log-level is "loud"'],
    ['a limit of 0', { flags: { limits: 'maxSessions=0' } }, '--limits is "maxSessions=0"'],
    ['a limit that does not exist', { flags: { limits: 'speed=1' } }, '--limits is "speed=1"'],
  ])('names %s that cannot be, its value and what is allowed', (_name, sources, message) => {
    const error = problem(sources);
    expect(error.message).toBe(message);
    expect(error.advice).toMatch(/^Allowed: .+\.$/);
  });

  it('names the file of a setting that cannot be', () => {
    writeFileSync(file, '{"tcpPort":-1}');
    expect(problem({ file }).message).toBe(`tcpPort in ${file} is -1`);
  });

  it('never shows a secret', () => {
    writeFileSync(file, '{"token":{"value":"geheim"}}');
    const error = problem({ file });
    expect(error.message).toBe(`token in ${file} is not usable`);
    expect(`${error.message}${error.advice}`).not.toContain('geheim');
  });

  it.each([
    ['{"tcpport":1}', 'tcpport in'],
    ['{"__proto__x":1}', '__proto__x in'],
    ['{"toString":1}', 'toString in'],
    ['[]', 'holds JSON that is no object'],
    ['{', 'cannot be read'],
  ])('refuses the file %s', (text, message) => {
    writeFileSync(file, text);
    expect(problem({ file }).message).toContain(message);
  });

  it('says which file is missing', () => {
    expect(problem({ file: join(directory, 'nowhere.json') }).message).toContain(
      'nowhere.json cannot be read',
    );
  });

  it('refuses a certificate without its key, and the other way round', () => {
    expect(problem({ flags: { tlsCert: 'c.pem' } }).message).toBe('tlsCert is given without tlsKey');
    expect(problem({ flags: { tlsKey: 'k.pem' } }).message).toBe('tlsKey is given without tlsCert');
  });

  it('refuses a server without a door', () => {
    const flags = { tcpPort: 'off', udpPort: 'off', wsPort: 'off' };
    expect(problem({ flags }).message).toBe('all of tcpPort, udpPort and wsPort are off');
  });
});
