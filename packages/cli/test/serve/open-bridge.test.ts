import { describe, expect, it } from 'vitest';
import { openBridge, shownBridge } from '../../src/serve/open-bridge.js';

const SECRET = 'open-sesame-4711';
const settings = {
  cluster: undefined,
  bridge: `amqp://imcore:${SECRET}@mq.example.com:5672/im`,
  bridgeOutgoing: 'q_app2web',
  bridgeIncoming: 'q_web2app',
  bridgeCa: undefined,
  bridgeCert: undefined,
  bridgeKey: undefined,
};

describe('the bridge of imcore serve', () => {
  it('is undefined if it is not configured', async () => {
    expect(await openBridge({ ...settings, bridge: undefined })).toBeUndefined();
  });

  it('is created without connecting to the broker', async () => {
    const bridge = await openBridge(settings);
    expect(bridge).toMatchObject({ health: { state: 'new', joins: 0 } });
    await bridge?.close();
  });

  it('is at another node of the cluster', async () => {
    const bridge = await openBridge({ ...settings, bridge: 'elsewhere', cluster: 'postgres' });
    expect(bridge).toMatchObject({ name: 'bridge', health: { state: 'away', joins: 0 } });
  });

  it.each([
    ['identical queues', { bridgeOutgoing: 'q_web2app' }, 'must differ'],
    [
      'a certificate but no broker',
      { bridge: undefined, bridgeCa: '/a.pem' },
      'bridgeCa is set, but bridge is not',
    ],
    ['elsewhere without a cluster', { bridge: 'elsewhere' }, 'bridge is elsewhere, but cluster is not set'],
    ['a missing certificate file', { bridgeCa: '/no/such/file.pem' }, 'Cannot read the file of bridgeCa'],
  ])('rejects %s without exposing the password', async (_name, changed, message) => {
    const opening = openBridge({ ...settings, ...changed });
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.not.toThrow(SECRET);
  });

  it('is shown without user and password', () => {
    expect(shownBridge(settings.bridge)).toBe('amqp://mq.example.com:5672/im');
  });
});
