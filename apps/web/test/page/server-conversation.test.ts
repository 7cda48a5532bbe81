import type { ConversationSnapshot, ViewItem, ViewMessage } from '@imcore/client/view';
import { describe, expect, it } from 'vitest';
import { deviceName } from '../../page/model/device.js';
import { messageOfView, threadOfView } from '../../page/model/server-conversation.js';

const CUT = 'too long';

function message(change: Partial<ViewMessage> = {}): ViewMessage {
  return {
    kind: 'message',
    key: '1',
    id: 1,
    conversation: 'bob',
    from: 'bob',
    to: 'alice',
    content: 'hello',
    type: -1,
    fingerprint: 'fp-1',
    isOwn: false,
    isCut: false,
    time: 1000,
    hasServerTime: true,
    delivery: undefined,
    failure: undefined,
    ...change,
  };
}

const own = (change: Partial<ViewMessage>) => message({ from: 'alice', to: 'bob', isOwn: true, ...change });

function snapshot(items: readonly ViewItem[], older: ConversationSnapshot['older'] = 'more') {
  return { items, older, unread: 0 };
}

describe('a message of the view', () => {
  it('has the id under which the page stores it', () => {
    expect(messageOfView(message(), CUT)).toEqual({
      kind: 'incoming',
      id: 'in/bob/fp-1',
      peer: 'bob',
      text: 'hello',
      at: 1000,
      order: 1000,
    });
    expect(messageOfView(own({ delivery: 'stored' }), CUT)).toMatchObject({
      kind: 'outgoing',
      id: 'fp-1',
      delivery: 'stored',
    });
  });

  it.each([
    ['sending', 'pending'],
    ['received', 'received'],
    ['failed', 'failed'],
  ] as const)('that is %s is shown as %s', (delivery, shown) => {
    expect(messageOfView(own({ delivery }), CUT)).toMatchObject({ delivery: shown });
  });

  it('says that it is too long if the server has left it out', () => {
    expect(messageOfView(message({ isCut: true, content: '' }), CUT).text).toBe(CUT);
  });
});

describe('a conversation of the view', () => {
  it('shows gaps behind the message before them', () => {
    const gap = (key: string, state: 'loading' | 'missing') =>
      ({ kind: 'gap', key, reason: 'hole', state }) as const;
    const items = [gap('g1', 'missing'), message(), gap('g2', 'loading')];
    expect(threadOfView(snapshot(items), 0, CUT)?.gaps).toEqual([
      { id: 'g1', after: undefined, isLoading: false },
      { id: 'g2', after: 'in/bob/fp-1', isLoading: true },
    ]);
  });

  it('ends where the user has deleted it', () => {
    const items = [message(), message({ key: '2', id: 2, fingerprint: 'fp-2', time: 2000 })];
    expect(threadOfView(snapshot(items), 1000, CUT)).toMatchObject({
      messages: [{ id: 'in/bob/fp-2' }],
      history: 'complete',
    });
  });

  it('has more to read after a failed request, and is not used without a history', () => {
    expect(threadOfView(snapshot([], 'failed'), 0, CUT)?.history).toBe('more');
    expect(threadOfView(snapshot([], 'none'), 0, CUT)).toBeUndefined();
  });
});

describe('the name of the device', () => {
  it.each([
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
      'Chrome on Linux',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15',
      'Safari on Mac',
    ],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1', 'Safari on iPhone'],
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge on Windows'],
    ['something else', ''],
  ])('of %s is %s', (userAgent, name) => {
    expect(deviceName(userAgent)).toBe(name);
  });
});
