import { describe, expect, it } from 'vitest';
import { createClient } from '../../src/mini-program/create-client.js';
import { type MiniProgramSocketOptions, miniProgramSocket } from '../../src/mini-program/socket-transport.js';
import { RecordingHandler } from '../fixtures/recording-handler.js';
import { OldPlatform, ScriptedPlatform } from '../fixtures/scripted-platform.js';

const url = 'wss://im.example.com/websocket';

function connected(options: Partial<MiniProgramSocketOptions> = {}) {
  const platform = new ScriptedPlatform();
  const handler = new RecordingHandler();
  const link = miniProgramSocket({ platform, url, ...options }).connect(handler);
  return { platform, task: platform.task, handler, link };
}

function opened() {
  const all = connected();
  all.task.open();
  return all;
}

describe('the transport of a mini-program', () => {
  it('passes a callback and multiple to connectSocket, as uni-app and Alipay require', () => {
    const { platform } = connected({ header: { 'x-app': 'chat' } });

    expect(platform.asked).toEqual([
      {
        url,
        header: { 'x-app': 'chat' },
        multiple: true,
        success: expect.any(Function),
        fail: expect.any(Function),
      },
    ]);
  });

  it.each([
    [{ platform: undefined }, 'platform'],
    [{ platform: {} }, 'platform'],
    [{ url: 'https://im.example.com' }, 'url'],
    [{ maxSendBytes: 0 }, 'maxSendBytes'],
    [{ headers: {} }, 'headers'],
  ])('does not call the platform with invalid options: %j', (options, name) => {
    const given = { platform: new ScriptedPlatform(), url, ...options } as MiniProgramSocketOptions;

    expect(() => miniProgramSocket(given)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining(name) }),
    );
    expect(() => createClient(given)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_OPTION' }));
  });
});

describe('a link over a SocketTask', () => {
  it.each([
    ['WeChat', { errMsg: 'connectSocket:fail fail reach max websocket connect count 5' }],
    ['WeChat, earlier', { errMsg: 'connectSocket:fail 同时最多发起 5 个 socket 请求，请参考文档。' }],
    ['Alipay', { error: 3, errorMessage: '该 appid，socketTaskId 对应的 WebSocket 已存在' }],
  ])('fails with ERR_TOO_MANY_SOCKETS for the message of %s', async (_name, failure) => {
    const { platform, handler } = connected();

    platform.asked[0]?.fail?.(failure);

    expect(await handler.closing).toMatchObject({ code: 'ERR_TOO_MANY_SOCKETS', cause: failure });
  });

  it('fails with the platform’s message for any other failure', async () => {
    const { platform, handler } = connected();

    platform.asked[0]?.fail?.({ errMsg: 'connectSocket:fail url not in domain list' });

    expect(await handler.closing).toMatchObject({
      code: 'ERR_LINK_FAILED',
      message: expect.stringContaining('url not in domain list'),
    });
  });

  it('fails if the platform returns no task and calls nothing else', async () => {
    const platform = new ScriptedPlatform();
    platform.answer = undefined;
    const handler = new RecordingHandler();

    miniProgramSocket({ platform, url }).connect(handler);
    platform.asked[0]?.success?.();

    expect(await handler.closing).toMatchObject({ code: 'ERR_LINK_FAILED' });
  });

  it('reports closed once for a failure, an error and a close event', () => {
    const { platform, task, handler } = connected();
    const ends: unknown[] = [];
    handler.closed = (error) => ends.push(error);

    task.error({ errMsg: 'connection refused' });
    task.end({ code: 1006, reason: 'abnormal closure' });
    platform.asked[0]?.fail?.({ errMsg: 'connectSocket:fail' });

    expect(ends).toEqual([expect.objectContaining({ code: 'ERR_LINK_FAILED' })]);
  });

  it('is closed again if it opens after it was closed', () => {
    const { task, handler, link } = connected();
    link.close();
    expect(task.closes).toEqual([1000]);

    task.open();

    expect(task.closes).toEqual([1000, 1000]);
    expect(handler.isOpen).toBe(false);
  });

  it('leaves the only socket of an old platform to the next link when it was closed while connecting', () => {
    const platform = new OldPlatform();
    const transport = miniProgramSocket({ platform, url });
    transport.connect(new RecordingHandler()).close();
    platform.emit('close');
    const next = new RecordingHandler();

    transport.connect(next);
    platform.emit('open');

    expect(next.isOpen).toBe(true);
    expect(platform.closes).toBe(1);
  });

  it('ignores an exception of the platform on close', () => {
    const { task, link } = opened();
    task.onClosing = () => {
      throw new Error('the socket is gone');
    };

    expect(() => link.close()).not.toThrow();
  });

  it('counts the bytes that the platform has not sent yet, in UTF-8', () => {
    const { task, link } = opened();
    link.send('{"a":"中"}');
    link.send('{}');
    expect(link.bufferedBytes).toBe(13);

    task.sent[0]?.success?.();

    expect(link.bufferedBytes).toBe(2);
  });

  it('fails when a packet cannot be written', async () => {
    const { task, handler, link } = opened();
    link.send('{}');

    task.sent[0]?.fail?.({ errMsg: 'SocketTask.send:fail SocketTask.readyState is not OPEN' });

    expect(await handler.closing).toMatchObject({
      code: 'ERR_LINK_CLOSED',
      message: expect.stringContaining('readyState is not OPEN'),
    });
    expect(task.closes).toEqual([1000]);
    link.send('{}');
    expect(task.sent).toHaveLength(1);
  });

  it.each([
    ['a text', { data: '{"a":1}' }, ['{"a":1}']],
    ['a binary message', { data: new ArrayBuffer(3) }, []],
    ['a text of an Alipay task', { data: { data: '{"a":1}', isBuffer: false } }, ['{"a":1}']],
    ['a binary message of an Alipay task', { data: { data: 'AAAA', isBuffer: true } }, []],
    ['a text of the old Alipay', { data: '{"a":1}', isBuffer: false }, ['{"a":1}']],
    ['a binary message of the old Alipay', { data: 'AAAA', isBuffer: true }, []],
    ['no data', { data: null }, []],
  ])('handles %s', (_name, message, expected) => {
    const { task, handler } = opened();

    task.message(message);

    expect(handler.all).toEqual(expected);
  });

  it.each([
    [{ code: 1000, reason: 'normal closure' }, undefined],
    [{ code: '1000' }, undefined],
    [undefined, undefined],
    [{ code: 1006, reason: 'interrupted' }, { code: 'ERR_LINK_CLOSED' }],
    [{ code: 1001 }, { code: 'ERR_LINK_CLOSED' }],
  ])('reports the close event %j', async (closure, error) => {
    const { task, handler } = opened();

    task.end(closure);

    if (error === undefined) expect(await handler.closing).toBeUndefined();
    else expect(await handler.closing).toMatchObject(error);
  });
});
