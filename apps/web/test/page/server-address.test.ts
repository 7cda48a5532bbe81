import { describe, expect, it } from 'vitest';
import { checkForm } from '../../page/model/login-form.js';
import {
  defaultServer,
  isAllowed,
  normalizeServer,
  type PageConfig,
  readConfig,
} from '../../page/model/server-address.js';

const http = { protocol: 'http:', hostname: 'im.example.com' };
const https = { protocol: 'https:', hostname: 'im.example.com' };
const config: PageConfig = { webSocket: { port: 3000 }, tokenRequired: false, otherServers: false };

describe('defaultServer', () => {
  it('is on the host of the page, and secure if the page is', () => {
    expect(defaultServer(config, http)).toBe('ws://im.example.com:3000/websocket');
    expect(defaultServer(config, https)).toBe('wss://im.example.com:3000/websocket');
  });

  it('is taken from the configuration', () => {
    const full = { ...config, webSocket: { port: 1, path: '/im', secure: true } };
    expect(defaultServer(full, http)).toBe('wss://im.example.com:1/im');
    expect(defaultServer({ ...config, webSocket: { url: 'wss://a.b/c' } }, http)).toBe('wss://a.b/c');
  });
});

describe('normalizeServer', () => {
  it.each([
    ['im.example.com:3000', 'ws://im.example.com:3000/websocket'],
    [' ws://10.0.0.1:3000/ ', 'ws://10.0.0.1:3000/websocket'],
    ['wss://im.example.com/im#x', 'wss://im.example.com/im'],
  ])('completes %j', (text, address) => {
    expect(normalizeServer(text, http)).toBe(address);
  });

  it.each([
    '',
    'http://im.example.com',
    'ws://',
    'ws://user:password@im.example.com',
    'a b',
    'javascript:alert(1)',
  ])('refuses %j', (text) => {
    expect(normalizeServer(text, http)).toBeUndefined();
  });
});

describe('isAllowed', () => {
  it('allows any port of the page’s host, and no other host', () => {
    expect(isAllowed('ws://im.example.com:4000/x', config, http)).toBe(true);
    expect(isAllowed('ws://im.example.org:3000/websocket', config, http)).toBe(false);
    expect(isAllowed('ws://im.example.org:3000/websocket', { ...config, otherServers: true }, http)).toBe(
      true,
    );
  });

  it('allows only the configured server if there is one', () => {
    const named = { ...config, webSocket: { url: 'wss://a.example/websocket' } };
    expect(isAllowed('wss://a.example/other', named, http)).toBe(true);
    expect(isAllowed('ws://im.example.com:3000/websocket', named, http)).toBe(false);
  });
});

describe('readConfig', () => {
  it('accepts the configuration that the handler writes', () => {
    const written = { webSocket: { port: 3000, path: '/im', secure: true }, tokenRequired: true };
    expect(readConfig({ ...written, otherServers: false })).toEqual({ ...written, otherServers: false });
    expect(readConfig({ webSocket: { url: 'wss://a.b/c' } })).toMatchObject({ tokenRequired: false });
  });

  it.each([null, 'x', {}, { webSocket: null }, { webSocket: { port: '3000' } }])('refuses %j', (value) => {
    expect(readConfig(value)).toBeUndefined();
  });
});

describe('checkForm', () => {
  const form = { server: 'im.example.com:3000', userId: ' alice ', token: '', remember: false };

  it('returns an account for a valid form', () => {
    expect(checkForm(form, config, http)).toEqual({
      userId: 'alice',
      server: 'ws://im.example.com:3000/websocket',
      token: undefined,
    });
  });

  it.each([
    [{ userId: '  ' }, 'user-id-missing'],
    [{ userId: '0' }, 'user-id-invalid'],
    [{ userId: '-1' }, 'user-id-invalid'],
    [{ userId: 'a'.repeat(257) }, 'user-id-invalid'],
    [{ server: 'http://x' }, 'server-invalid'],
    [{ server: 'ws://im.example.org' }, 'server-elsewhere'],
  ])('returns the problem of %j', (change, code) => {
    expect(checkForm({ ...form, ...change }, config, http)).toMatchObject({ code });
  });

  it('requires a token if the configuration does', () => {
    expect(checkForm(form, { ...config, tokenRequired: true }, http)).toEqual({ code: 'token-missing' });
  });
});
