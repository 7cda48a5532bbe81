import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tcp } from '@imcore/client/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deviceFolders, type OpenDevice, openDevice } from '../../src/chat/open-device.js';

const parts = { transport: tcp({ host: '127.0.0.1', port: 1 }), connectTimeoutMs: 1000, user: 'alice' };

describe('the folders of a device', () => {
  const onTerminal = (url: string, environment = {}) =>
    deviceFolders(undefined, url, true, environment) ?? [];

  it('are in the state of the user, and the same for all transports of a host', () => {
    const environment = { XDG_STATE_HOME: '/state' };
    const [first, second] = onTerminal('tcp://im.example.com:8901', environment);
    expect(first).toBe(join('/state', 'imcore', 'chat', 'im.example.com', 'terminal-1'));
    expect(second).toBe(join('/state', 'imcore', 'chat', 'im.example.com', 'terminal-2'));
    expect(onTerminal('ws://im.example.com:3000/websocket', environment)[0]).toBe(first);
    expect(onTerminal('tcp://[::1]:8901', environment)[0]).not.toContain(':');
    expect(onTerminal('tcp://h:1')[0]).toMatch(/\.local.state.imcore.chat.h.terminal-1$/);
  });

  it('are the given one, also without a terminal', () => {
    expect(deviceFolders('folder', 'tcp://h:1', true, {})).toEqual(['folder']);
    expect(deviceFolders('folder', 'tcp://h:1', false, {})).toEqual(['folder']);
  });

  it('are none with --no-device, and without a terminal', () => {
    expect(deviceFolders(false, 'tcp://h:1', true, {})).toBeUndefined();
    expect(deviceFolders(undefined, 'tcp://h:1', false, {})).toBeUndefined();
  });
});

describe('openDevice', () => {
  let folder: string;
  let opened: OpenDevice[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'imcore-device-'));
    opened = [];
  });

  afterEach(async () => {
    await Promise.all(opened.map(({ client }) => client.close()));
    rmSync(folder, { recursive: true });
  });

  const open = async (...names: string[]): Promise<OpenDevice> => {
    const device = await openDevice(
      names.map((name) => join(folder, name)),
      parts,
    );
    opened.push(device);
    return device;
  };

  it('takes the first folder that no other terminal uses', async () => {
    await open('1', '2');
    await open('1', '2');
    await expect(open('1', '2')).rejects.toThrow(
      `Other programs are devices of alice in ${join(folder, '1')} and 1 more`,
    );
  });

  it('takes the first folder again when it is free', async () => {
    const first = await open('1');
    await expect(open('1')).rejects.toThrow('Other programs are devices of alice in');
    await first.client.close();
    await open('1');
  });

  it('returns the messages that wait in the outbox', async () => {
    const first = await open('1');
    const sending = first.client.send({ to: 'bob', content: 'later' });
    sending.catch(() => {});
    await sending.accepted;
    await first.client.close();
    expect((await open('1')).restored).toMatchObject([{ to: 'bob', content: 'later' }]);
  });

  it('names a folder that cannot be used', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(open('file')).rejects.toMatchObject({
      message: expect.stringContaining(`Cannot keep a device in ${join(folder, 'file')}: `),
      advice: 'Choose another folder with --device, or use --no-device.',
    });
  });
});
