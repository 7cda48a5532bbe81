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
  ])('reads %j as %s', (flags, url, kind) => {
    const endpoint = endpointOf(flags);
    expect([endpoint.url, endpoint.transport.kind]).toEqual([url, kind]);
  });

  it.each([
    [{ transport: 'carrier-pigeon' }, '--transport is "carrier-pigeon"'],
    [{ transport: 'udp', tls: true }, '--tls does not go with --transport udp'],
    [{ port: '0' }, '--port is "0"'],
    [{ port: '65536' }, '--port is "65536"'],
    [{ port: '80a' }, '--port is "80a"'],
    [{ url: 'http://h/' }, 'http://h/ begins with http:'],
    [{ url: 'nonsense' }, 'nonsense is no URL'],
    [{ url: 'tcp://h:1', port: '2' }, '--url and --port are both given'],
    [{ tls: true, tlsCa: '/nowhere/ca.pem' }, '--tls-ca cannot be read: ENOENT'],
  ])('refuses %j', (flags, message) => {
    expect(() => endpointOf(flags)).toThrow(message);
  });
});
