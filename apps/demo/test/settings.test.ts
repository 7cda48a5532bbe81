import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { banner, type Running } from '../src/banner.js';
import { explainStartError } from '../src/explain-start-error.js';
import { isLoopback } from '../src/rest/access-guard.js';
import { API_ERRORS } from '../src/rest/api-error.js';
import { readSettings, SettingError } from '../src/settings.js';
import { readUserCheck } from '../src/users/user-check.js';

describe('readSettings', () => {
  it("uses the tutorial's ports and serves REST to this machine only by default", () => {
    expect(readSettings({})).toMatchObject({
      udpPort: 7901,
      tcpPort: 8901,
      wsPort: 3000,
      httpPort: 8080,
      httpHost: '127.0.0.1',
      apiKey: undefined,
    });
  });

  it('names an invalid variable, but never its value', () => {
    const read = () => readSettings({ IMCORE_TCP_PORT: 'secret' });
    expect(read).toThrow('IMCORE_TCP_PORT must be a port number from 0 to 65535');
    expect(read).not.toThrow(/secret/);
  });
});

describe('readUserCheck', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'imcore-demo-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const withFile = (text: string) => {
    const usersFile = join(directory, 'users.json');
    writeFileSync(usersFile, text);
    return readUserCheck({ users: undefined, usersFile });
  };

  it('accepts all users by default, and reports that', () => {
    const check = readUserCheck({ users: undefined, usersFile: undefined });
    expect([check.isOpen, check.accepts('anybody', undefined)]).toEqual([true, true]);
  });

  it.each([
    ['the environment', () => readUserCheck({ users: 'ann:a:b, ben:x', usersFile: undefined })],
    ['a file', () => withFile('{"ann":"a:b","ben":"x"}')],
  ])('reads users from %s', (_name, read) => {
    const check = read();
    expect(check.isOpen).toBe(false);
    expect(check.accepts('ann', 'a:b')).toBe(true);
    expect(check.accepts('ben', 'x')).toBe(true);
    expect(check.accepts('ann', 'a')).toBe(false);
    expect(check.accepts('ann', undefined)).toBe(false);
    expect(check.accepts('toString', 'x')).toBe(false);
  });

  it.each(['ann', ':x', 'ann:', 'ann:x,,ben:y'])('rejects %j', (users) => {
    expect(() => readUserCheck({ users, usersFile: undefined })).toThrow(SettingError);
  });

  it.each(['', '[]', '{"ann":1}', '{"ann":""}'])('rejects a file with %j', (text) => {
    expect(() => withFile(text)).toThrow(SettingError);
  });
});

describe('the banner', () => {
  const running: Running = {
    addresses: [
      { transport: 'udp', host: '0.0.0.0', port: 7901 },
      { transport: 'tcp', host: '0.0.0.0', port: 8901 },
      { transport: 'websocket', host: '0.0.0.0', port: 3000 },
    ],
    httpPort: 8080,
    settings: readSettings({}),
    isOpen: true,
    hasChat: true,
  };

  it('shows addresses, warnings, and commands to try', () => {
    expect(banner(running)).toBe(`
imcore demo is running:
  Swagger      http://127.0.0.1:8080/swagger-ui.html
  Chat page    http://127.0.0.1:8080/
  Callbacks    http://127.0.0.1:8080/api/messages
  UDP          udp://0.0.0.0:7901
  TCP          tcp://0.0.0.0:8901
  WebSocket    ws://0.0.0.0:3000/websocket

  Messages to offline users are stored in imcore-demo.db.
  WARNING: anyone can log in with any user ID. Set IMCORE_USERS=name:password,… or IMCORE_USERS_FILE.

Try it in another terminal:
  curl -d 'username=admin&password=123456' http://127.0.0.1:8080/api/loginConnect
  curl -d 'friendId=admin&msg=Hello' http://127.0.0.1:8080/api/sendMsg
  curl 'http://127.0.0.1:8080/api/messages?user=admin&follow=false'
  npx imcore chat --user bob --to admin --transport ws

Press Ctrl+C to stop.
`);
  });

  it('warns when REST is open to other machines without a key, and never shows the key', () => {
    const open = readSettings({ IMCORE_HTTP_HOST: '0.0.0.0' });
    expect(banner({ ...running, settings: open })).toContain(
      'WARNING: anyone who can reach 0.0.0.0 can act as any user',
    );
    const closed = readSettings({ IMCORE_HTTP_HOST: '0.0.0.0', IMCORE_API_KEY: 'sesame' });
    const text = banner({ ...running, settings: closed, isOpen: false });
    expect(text).not.toContain('WARNING');
    expect(text).not.toContain('sesame');
    expect(text).toContain("-H 'x-api-key: …'");
  });
});

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '[::1]', 'localhost'])('accepts %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['0.0.0.0', '::', '192.168.0.1', '127.evil.example', 'localhost.evil.example', ''])(
    'rejects %j',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

describe('explainStartError', () => {
  const inUse = (port: number) =>
    Object.assign(new Error('listen'), { code: 'EADDRINUSE', address: '127.0.0.1', port });

  it('names the port in use and the variable to change', () => {
    expect(explainStartError(inUse(8901), readSettings({}))).toBe(
      'imcore demo: 127.0.0.1:8901 is already in use. Stop the program that uses it, or choose another port with IMCORE_TCP_PORT.',
    );
  });

  it('names all variables that can have set the port', () => {
    const both = readSettings({ IMCORE_UDP_PORT: '7000', IMCORE_TCP_PORT: '7000' });
    expect(explainStartError(inUse(7000), both)).toMatch(/with IMCORE_TCP_PORT or IMCORE_UDP_PORT\.$/);
    expect(explainStartError(inUse(9))).toMatch(/IMCORE_HTTP_PORT or .* or IMCORE_WS_PORT\.$/);
  });
});

describe('the README of the demo', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

  it('lists every error with its status, and no others', () => {
    const rows = [...readme.matchAll(/^\| (\d{3}) \| (.*) \|$/gm)].flatMap(([, status, codes = '']) =>
      [...codes.matchAll(/ERR_[A-Z_]+/g)].map(([code]) => `${code} ${status}`),
    );
    const real = Object.entries(API_ERRORS)
      .filter(([code]) => code !== 'ERR_INTERNAL')
      .map(([code, { status }]) => `${code} ${status}`);
    expect(rows.sort()).toEqual(real.sort());
  });

  it('lists every variable', () => {
    const source = readFileSync(new URL('../src/settings.ts', import.meta.url), 'utf8');
    const names = (text: string) =>
      [...new Set([...text.matchAll(/IMCORE_[A-Z_]+/g)].map(([name]) => name))].sort();
    expect(names(readme)).toEqual(names(source));
  });
});
