import { describe, expect, it } from 'vitest';
import { openBridge, shownBridge } from '../../src/serve/open-bridge.js';

const SECRET = 'open-sesame-4711';
const settings = {
  bridge: `amqp://imcore:${SECRET}@mq.example.com:5672/im`,
  bridgeOutgoing: 'q_app2web',
  bridgeIncoming: 'q_web2app',
  bridgeCa: undefined,
  bridgeCert: undefined,
  bridgeKey: undefined,
};

describe('the bridge of imcore serve', () => {
  it('is none where none is asked for', async () => {
    expect(await openBridge({ ...settings, bridge: undefined })).toBeUndefined();
  });

  it('is made without reaching for the broker', async () => {
    const bridge = await openBridge(settings);
    expect(bridge).toMatchObject({ health: { state: 'new', joins: 0 } });
    await bridge?.close();
  });

  it.each([
    ['queues that are the same', { bridgeOutgoing: 'q_web2app' }, 'must differ'],
    [
      'certificates and no broker',
      { bridge: undefined, bridgeCa: '/a.pem' },
      '--bridge-ca is given, but no --bridge',
    ],
    ['a certificate file that is not there', { bridgeCa: '/no/such/file.pem' }, '--bridge-ca cannot be read'],
  ])('is refused with %s, and no password is told', async (_name, changed, message) => {
    const refused = openBridge({ ...settings, ...changed });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.not.toThrow(SECRET);
  });

  it('is shown without user and password', () => {
    expect(shownBridge(settings.bridge)).toBe('amqp://mq.example.com:5672/im');
  });
});
