import { describe, expect, it } from 'vitest';
import { endpointOf } from '../src/endpoint.js';

describe('endpointOf', () => {
  it.each([
    [{}, 'tcp://127.0.0.1:8901', 'tcp'],
    [{ transport: 'udp' }, 'udp://127.0.0.1:7901', 'udp'],
    [{ transport: 'ws' }, 'ws://127.0.0.1:3000/websocket', 'websocket'],
    [{ tls: true }, 'tls://127.0.0.1:8901', 'tcp'],
    [
      { transport: 'ws', tls: true, host: 'im.example.com', port: '443' },
      'wss://im.example.com:443/websocket',
      'websocket',
    ],
    [{ host: '::1', port: '1' }, 'tcp://[::1]:1', 'tcp'],
    [{ url: 'wss://im.example.com/chat' }, 'wss://im.example.com/chat', 'websocket'],
    [{ url: 'udp://im.example.com' }, 'udp://im.example.com', 'udp'],
  ])('parses %j as %s', (flags, url, kind) => {
    const endpoint = endpointOf(flags);
    expect([endpoint.url, endpoint.transport.kind]).toEqual([url, kind]);
  });

  it.each([
    [{ transport: 'http' }, '--transport must be one of tcp, udp, ws, got "http"'],
    [{ transport: 'udp', tls: true }, '--tls cannot be used with --transport udp'],
    [{ port: '0' }, '--port must be a number from 1 to 65535, got "0"'],
    [{ port: '65536' }, '--port must be a number from 1 to 65535, got "65536"'],
    [{ port: '80a' }, '--port must be a number from 1 to 65535, got "80a"'],
    [{ host: 'a b' }, '--host must be a host name or an IP address, got "a b"'],
    [{ url: 'http://h/' }, '--url must start with tcp://, tls://, udp://, ws:// or wss://, got "http://h/"'],
    [{ url: 'nonsense' }, '--url must be a URL such as tcp://127.0.0.1:8901, got "nonsense"'],
    [{ url: 'tcp://h:1', port: '2' }, '--url and --port cannot be used together'],
    [{ tls: true, tlsCa: '/nowhere/ca.pem' }, 'Cannot read the file of --tls-ca: ENOENT'],
  ])('rejects %j', (flags, message) => {
    expect(() => endpointOf(flags)).toThrow(message);
  });
});
