import type { TransportAddress } from '@imcore/server';
import { canSharePort } from '@imcore/server/transport-kit';
import { describe, expect, it } from 'vitest';
import { endpointOf } from '../../src/endpoint.js';
import { banner, urlOf } from '../../src/serve/banner.js';

const addresses: TransportAddress[] = [
  { transport: 'tcp', host: '0.0.0.0', port: 8901 },
  { transport: 'websocket', host: '0.0.0.0', port: 3000 },
  { transport: 'udp', host: '0.0.0.0', port: 7901 },
];
const settings = {
  store: 'memory',
  token: undefined,
  bridge: undefined,
  tlsCert: undefined,
  wsPath: '/websocket',
  workers: 0,
  udpPort: 7901,
  cluster: undefined,
  clusterName: 'main',
} as const;

describe('banner', () => {
  it('shows all addresses as URLs', () => {
    const text = banner(addresses, settings);
    expect(text).toContain('tcp://0.0.0.0:8901\n');
    expect(text).toContain('ws://0.0.0.0:3000/websocket\n');
    expect(text).toContain('udp://0.0.0.0:7901\n');
  });

  it('says which processes hold the connections', () => {
    expect(banner(addresses, settings)).not.toContain('worker');
    expect(banner(addresses, { ...settings, workers: 1 })).toContain(
      'One worker process holds the connections.\n',
    );
    const whoHasUdp = canSharePort(process.versions.node) ? '' : ' Worker 1 has UDP.';
    expect(banner(addresses, { ...settings, workers: 3 })).toContain(
      `3 worker processes hold the connections.${whoHasUdp}\n`,
    );
    expect(banner(addresses, { ...settings, workers: 3, udpPort: 'off' })).toContain(
      '3 worker processes hold the connections.\n',
    );
  });

  it('names the node and its cluster, without passwords', () => {
    const cluster = 'nats://user:sesame@mq1.example.com:4222,nats://user:sesame@mq2.example.com';
    const text = banner(addresses, { ...settings, cluster }, undefined, 'a');
    expect(text).toContain(
      'This is node a of the cluster main, over NATS at mq1.example.com:4222, mq2.example.com.',
    );
    const store = 'postgres://im:sesame@db.example.com/im';
    expect(banner(addresses, { ...settings, cluster: 'postgres', store }, undefined, 'a')).toContain(
      'over PostgreSQL at db.example.com/im.',
    );
    expect(text).not.toContain('sesame');
  });

  it('says how messages to offline users are stored', () => {
    expect(banner(addresses, settings)).toContain('stored in memory only and lost when this process ends');
    expect(banner(addresses, { ...settings, store: 'none' })).toContain('are not stored');
    expect(banner(addresses, { ...settings, store: '/var/im.db' })).toContain('stored in /var/im.db.');
  });

  it('warns that anyone can log in, and never shows the token', () => {
    expect(banner(addresses, settings)).toContain('Anyone can log in');
    const withToken = banner(addresses, { ...settings, token: 'geheim' });
    expect(withToken).not.toContain('Anyone can log in');
    expect(withToken).not.toContain('geheim');
  });

  it('shows the broker of the bridge, but never its password', () => {
    const withBridge = banner(addresses, { ...settings, bridge: 'amqp://im:geheim@mq.example.com/' });
    expect(withBridge).toContain('The bridge connects to amqp://mq.example.com/ in the background');
    expect(withBridge).not.toContain('geheim');
    expect(banner(addresses, settings)).not.toContain('bridge');
  });

  it('shows the URL of the chat page, if it is served', () => {
    const url = 'http://127.0.0.1:8080/';
    expect(banner(addresses, settings, url)).toContain(`\nChat page: ${url}\n`);
    expect(banner(addresses, settings)).not.toContain('Chat page');
  });

  it('shows commands to try, on two transports', () => {
    expect(banner(addresses, settings)).toContain(
      [
        'Try it in two other terminals:',
        '  npx imcore chat --user alice --to bob',
        '  npx imcore chat --user bob --to alice --transport ws',
        '',
      ].join('\n'),
    );
  });

  it('shows reachable addresses if they are not the defaults of chat', () => {
    const elsewhere = addresses.map((address) => ({ ...address, port: 4000 }));
    const text = banner(elsewhere, settings);
    expect(text).toContain('--user alice --to bob --url tcp://127.0.0.1:4000\n');
    expect(text).toContain('--user bob --to alice --url ws://127.0.0.1:4000/websocket\n');
    const onOtherPath = banner(addresses, { ...settings, wsPath: '/im' });
    expect(onOtherPath).toContain('--user bob --to alice --url ws://127.0.0.1:3000/im\n');
  });

  it('shows the same transport twice without WebSocket', () => {
    const text = banner(addresses.slice(2), settings);
    expect(text).toContain('--user alice --to bob --transport udp\n');
    expect(text).toContain('--user bob --to alice --transport udp\n');
  });

  it('shows flags that chat understands', () => {
    expect(endpointOf({}).url).toBe('tcp://127.0.0.1:8901');
    expect(endpointOf({ transport: 'ws' }).url).toBe('ws://127.0.0.1:3000/websocket');
    expect(endpointOf({ transport: 'udp' }).url).toBe('udp://127.0.0.1:7901');
  });
});

describe('urlOf', () => {
  it('shows where TLS is used', () => {
    const secure = { ...settings, tlsCert: 'c.pem' };
    expect(addresses.map((address) => urlOf(address, secure))).toEqual([
      'tls://0.0.0.0:8901',
      'wss://0.0.0.0:3000/websocket',
      'udp://0.0.0.0:7901',
    ]);
  });

  it('puts an IPv6 address in brackets', () => {
    expect(urlOf({ transport: 'tcp', host: '::1', port: 1 }, settings)).toBe('tcp://[::1]:1');
  });
});
