import { describe, expect, it } from 'vitest';
import type { AppEffect } from '../../page/model/effects.js';
import type { WorkspaceEvent } from '../../page/model/events.js';
import { deliveryMark } from '../../page/model/message.js';
import { listed, newPeer, newWorkspace, type Workspace } from '../../page/model/workspace.js';
import { updateWorkspace } from '../../page/model/workspace-update.js';

const account = { userId: 'alice', server: 'ws://im.example.com/websocket', token: undefined };

/** A workspace, and what its events have asked for. */
class Scene {
  workspace: Workspace;
  effects: AppEffect[] = [];
  #order = 0;

  constructor(isFocused = true) {
    const online = { state: 'online', since: 0, roundTripMs: undefined } as const;
    this.workspace = newWorkspace(account, online, isFocused);
    this.send({ kind: 'history-opened', conversations: [] });
  }

  send(...events: WorkspaceEvent[]): this {
    for (const event of events) {
      const { state, effects } = updateWorkspace(this.workspace, event);
      this.workspace = state;
      this.effects.push(...effects);
    }
    return this;
  }

  open(peer: string): this {
    return this.send({ kind: 'opened', peer, order: this.#next() });
  }

  compose(text: string, id = text): this {
    return this.send({ kind: 'composed', text, id, at: this.#order, order: this.#next() });
  }

  receive(peer: string, text: string): this {
    const order = this.#next();
    const message = { kind: 'incoming', id: `in/${peer}/${text}`, peer, text, at: order, order } as const;
    return this.send({ kind: 'received', message, isNew: true });
  }

  unread(peer: string): number | undefined {
    return this.workspace.conversations.get(peer)?.unread;
  }

  kinds(): string[] {
    return this.effects.map(({ kind }) => kind);
  }

  #next(): number {
    this.#order += 1;
    return this.#order;
  }
}

describe('an outgoing message', () => {
  it('is posted at once and shown as pending', () => {
    const scene = new Scene().open('bob').compose('hello');
    const [message] = scene.workspace.thread?.messages ?? [];
    expect(message).toMatchObject({ kind: 'outgoing', text: 'hello', delivery: 'pending' });
    expect(scene.effects).toContainEqual({ kind: 'post', message });
    expect(scene.workspace.conversations.get('bob')?.last).toMatchObject({ text: 'hello' });
  });

  it('is not sent if it is blank', () => {
    const scene = new Scene().open('bob').compose(' \n ');
    expect(scene.workspace.thread?.messages).toEqual([]);
    expect(scene.kinds()).not.toContain('post');
  });

  it('is not sent if it is too long, and not again if it was too long', () => {
    const scene = new Scene().open('bob').compose('x'.repeat(70_000));
    expect(scene.workspace.thread?.messages).toEqual([]);
    scene.compose('hello', 'fp-1').send({
      kind: 'settled',
      id: 'fp-1',
      peer: 'bob',
      outcome: { delivery: 'failed', failure: 'too-large' },
    });
    const posts = () => scene.kinds().filter((kind) => kind === 'post').length;
    expect(posts()).toBe(1);
    scene.send({ kind: 'retried', id: 'fp-1' });
    expect(posts()).toBe(1);
  });

  it('is marked as waiting while offline and as sent while online, until it is acknowledged', () => {
    const scene = new Scene().open('bob').compose('hello');
    const [message] = scene.workspace.thread?.messages ?? [];
    if (message?.kind !== 'outgoing') throw new Error('no message');
    expect([deliveryMark(message, false), deliveryMark(message, true)]).toEqual(['waiting', 'sending']);
    expect(deliveryMark({ ...message, delivery: 'received' }, false)).toBe('received');
  });

  it('gets its outcome in the thread, the list and the history', () => {
    const scene = new Scene().open('bob').compose('hello', 'fp-1');
    scene.send({ kind: 'settled', id: 'fp-1', peer: 'bob', outcome: { delivery: 'received' } });
    expect(scene.workspace.thread?.messages[0]).toMatchObject({ delivery: 'received' });
    expect(scene.workspace.conversations.get('bob')?.last).toMatchObject({ delivery: 'received' });
    expect(scene.effects).toContainEqual({
      kind: 'keep-message',
      id: 'fp-1',
      delivery: 'received',
      failure: undefined,
    });
  });

  it('keeps an outcome that arrives while the history is loading', () => {
    const base = { id: 'fp-1', peer: 'bob', text: 'hello', at: 1, order: 1 };
    const page = [{ ...base, kind: 'outgoing', delivery: 'pending' } as const];
    const scene = new Scene().open('bob');
    scene.send(
      { kind: 'settled', id: 'fp-1', peer: 'bob', outcome: { delivery: 'received' } },
      { kind: 'page-loaded', peer: 'bob', messages: page, isLast: true },
    );
    expect(scene.workspace.thread?.messages).toMatchObject([{ id: 'fp-1', delivery: 'received' }]);
  });

  it('is posted again with the same fingerprint only if it has failed', () => {
    const scene = new Scene().open('bob').compose('hello', 'fp-1');
    scene.effects = [];
    scene.send({ kind: 'retried', id: 'fp-1' });
    expect(scene.effects).toEqual([]);
    const failed = { delivery: 'failed', failure: 'not-acknowledged' } as const;
    scene.send(
      { kind: 'settled', id: 'fp-1', peer: 'bob', outcome: failed },
      { kind: 'retried', id: 'fp-1' },
    );
    expect(scene.effects).toContainEqual({
      kind: 'post',
      message: expect.objectContaining({ id: 'fp-1', delivery: 'pending', failure: undefined }),
    });
  });

  it('clears the draft', () => {
    const scene = new Scene().open('bob');
    scene.send({ kind: 'drafted', peer: 'bob', text: 'hel' }).compose('hello');
    expect(scene.workspace.conversations.get('bob')?.draft).toBe('');
  });
});

describe('a received message', () => {
  it('is unread if its conversation is not open, and creates a missing conversation', () => {
    const scene = new Scene().receive('bob', 'one').receive('bob', 'two');
    expect(scene.unread('bob')).toBe(2);
    expect(scene.workspace.announced).toMatchObject({ peer: 'bob', text: 'two' });
  });

  it('is read if its conversation is open and scrolled to the end', () => {
    const scene = new Scene().open('bob').receive('bob', 'one');
    expect(scene.unread('bob')).toBe(0);
  });

  it('is unread while scrolled up, and read after scrolling to the end', () => {
    const scene = new Scene().open('bob').send({ kind: 'scrolled', isAtEnd: false }).receive('bob', 'one');
    expect(scene.unread('bob')).toBe(1);
    expect(scene.send({ kind: 'scrolled', isAtEnd: true }).unread('bob')).toBe(0);
  });

  it('is unread while the page is not focused, and read when it is', () => {
    const scene = new Scene()
      .open('bob')
      .send({ kind: 'focus-changed', isFocused: false })
      .receive('bob', 'one');
    expect(scene.unread('bob')).toBe(1);
    expect(scene.send({ kind: 'focus-changed', isFocused: true }).unread('bob')).toBe(0);
  });

  it('appears once although the loaded page contains it too', () => {
    const scene = new Scene().open('bob').receive('bob', 'one');
    const messages = scene.workspace.thread?.messages ?? [];
    scene.send({ kind: 'page-loaded', peer: 'bob', messages, isLast: true });
    expect(scene.workspace.thread?.messages.length).toBe(1);
  });
});

describe('a conversation', () => {
  it('shows a line before the messages that were unread when it was opened', () => {
    const scene = new Scene().receive('bob', 'one').receive('bob', 'two').receive('bob', 'three');
    const messages = ['one', 'two', 'three'].map((text, index) => ({
      ...{ kind: 'incoming' as const, id: `in/bob/${text}`, peer: 'bob', text },
      ...{ at: index, order: index + 1 },
    }));
    scene.open('bob').send({ kind: 'page-loaded', peer: 'bob', messages, isLast: true });
    expect(scene.workspace.thread).toMatchObject({ firstUnreadId: 'in/bob/one', unreadAtOpening: 3 });
    expect(scene.unread('bob')).toBe(0);
  });

  it('loads one page of older messages at a time, before the oldest loaded one', () => {
    const scene = new Scene().open('bob').receive('bob', 'one');
    scene.effects = [];
    scene.send({ kind: 'older-wanted' });
    expect(scene.effects).toEqual([]);
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [], isLast: false });
    scene.send({ kind: 'older-wanted' }, { kind: 'older-wanted' });
    expect(scene.effects).toEqual([{ kind: 'load-page', peer: 'bob', before: 2 }]);
  });

  it('ignores a page of another conversation', () => {
    const scene = new Scene().open('bob').open('carol');
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [], isLast: true });
    expect(scene.workspace.thread).toMatchObject({ peer: 'carol', history: 'loading' });
  });

  it('removes the oldest messages when there are hundreds, and can load them again', () => {
    const scene = new Scene().open('bob');
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [], isLast: true });
    for (let i = 0; i <= 600; i++) scene.receive('bob', `line ${i}`);
    expect(scene.workspace.thread?.messages.length).toBe(300);
    expect(scene.workspace.thread?.messages.at(-1)?.text).toBe('line 600');
    expect(scene.workspace.thread?.history).toBe('more');
  });

  it('is removed with its messages when it is deleted', () => {
    const scene = new Scene().open('bob').send({ kind: 'conversation-deleted', peer: 'bob' });
    expect(scene.workspace.thread).toBeUndefined();
    expect(scene.workspace.conversations.size).toBe(0);
    expect(scene.kinds().slice(-2)).toEqual(['delete-conversation', 'show-peer']);
  });

  it('cannot be opened before the history is loaded', () => {
    const online = { state: 'online', since: 0, roundTripMs: undefined } as const;
    const workspace = newWorkspace(account, online, true);
    expect(updateWorkspace(workspace, { kind: 'opened', peer: 'bob', order: 1 })).toEqual({
      state: workspace,
      effects: [],
    });
  });
});

describe('the list', () => {
  it('shows the newest conversation first, and contacts by name', () => {
    const scene = new Scene().open('bob').open('Äda').open('carol').receive('bob', 'newest');
    const names = (locale: string) => listed(scene.workspace, locale).map(({ peer }) => peer);
    expect(names('en')).toEqual(['bob', 'carol', 'Äda']);
    scene.send({ kind: 'contact-toggled', peer: 'carol' }, { kind: 'list-chosen', list: 'contacts' });
    expect(names('en')).toEqual(['Äda', 'bob']);
  });

  it('finds user ids by a substring, and offers to start a conversation with a new one', () => {
    const scene = new Scene().open('bob').open('Bobby').send({ kind: 'searched', text: ' bob ' });
    expect(listed(scene.workspace, 'en').map(({ peer }) => peer)).toEqual(['Bobby', 'bob']);
    expect(newPeer(scene.workspace)).toBeUndefined();
    expect(newPeer(scene.send({ kind: 'searched', text: 'bo' }).workspace)).toBe('bo');
    expect(newPeer(scene.send({ kind: 'searched', text: '0' }).workspace)).toBeUndefined();
  });
});

describe('a search', () => {
  it('ends when its conversation is opened, also if it was open before', () => {
    const scene = new Scene().open('bob').send({ kind: 'searched', text: 'bob' }).open('bob');
    expect(scene.workspace.search).toBe('');
    expect(scene.send({ kind: 'searched', text: 'carol' }).open('carol').workspace.search).toBe('');
  });
});

describe('the connection', () => {
  it('is waiting with a retry time, goes online again, and is measured only while online', () => {
    const scene = new Scene().send({ kind: 'waiting', retryAt: 5000, problem: undefined });
    expect(scene.workspace.connection).toMatchObject({ state: 'waiting', retryAt: 5000, isFirst: false });
    scene.send({ kind: 'measured', roundTripMs: 3 });
    expect(scene.workspace.connection.state).toBe('waiting');
    scene.send(
      { kind: 'connecting' },
      { kind: 'online', at: 9, isDevice: false },
      { kind: 'measured', roundTripMs: 3 },
    );
    expect(scene.workspace.connection).toEqual({ state: 'online', since: 9, roundTripMs: 3 });
  });

  it('stays ended after a kick-out until the user signs in again', () => {
    const kicked = { kind: 'kicked', code: 1, reason: undefined, at: 7, isOwnBrowser: true } as const;
    const scene = new Scene().send(kicked);
    expect(scene.workspace.connection).toMatchObject({ state: 'kicked', isOwnBrowser: true });
    scene.send({ kind: 'taken-over' });
    expect(scene.effects.at(-1)).toEqual({ kind: 'log-in', account, timeout: 'long' });
  });

  it('attributes only a duplicate login to another tab', () => {
    const scene = new Scene().send({
      ...{ kind: 'kicked', code: 2, reason: 'maintenance', at: 7 },
      isOwnBrowser: true,
    });
    expect(scene.workspace.connection).toMatchObject({ isOwnBrowser: false, reason: 'maintenance' });
  });
});

describe('a page that is a device', () => {
  const incoming = (id: string, at: number) =>
    ({ kind: 'incoming', id, peer: 'bob', text: id, at, order: at }) as const;
  const outgoing = (id: string, at: number, delivery: 'pending' | 'stored') =>
    ({ kind: 'outgoing', id, peer: 'bob', text: id, at, order: at, delivery }) as const;
  const device = () => new Scene().send({ kind: 'online', at: 0, isDevice: true });
  const shownThread = (...messages: readonly ReturnType<typeof incoming>[]) =>
    ({
      kind: 'thread-shown',
      peer: 'bob',
      thread: { messages, gaps: [], history: 'more' },
    }) as const;
  const ids = (scene: Scene) => scene.workspace.thread?.messages.map(({ id }) => id);

  it('shows the history of the server, and behind it what is still being sent', () => {
    const scene = device()
      .open('bob')
      .compose('mine')
      .send(shownThread(incoming('a', 1), incoming('b', 2)));
    expect(ids(scene)).toEqual(['a', 'b', 'mine']);
    scene.receive('bob', 'c');
    expect(ids(scene)).toEqual(['a', 'b', 'mine']);
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [incoming('old', 0)], isLast: true });
    expect(ids(scene)).toEqual(['a', 'b', 'mine']);
  });

  it('asks the server for older messages', () => {
    const scene = device()
      .open('bob')
      .send(shownThread(incoming('a', 1)), { kind: 'older-wanted' });
    expect(scene.effects.at(-1)).toEqual({ kind: 'load-older', peer: 'bob' });
  });

  it('has read what is there when another device has written', () => {
    const scene = device();
    scene.receive('bob', 'question');
    expect(scene.unread('bob')).toBe(1);
    scene.send({ kind: 'echoed', message: outgoing('answer', 10, 'stored') });
    expect(scene.unread('bob')).toBe(0);
    expect(scene.workspace.conversations.get('bob')?.last?.id).toBe('answer');
  });

  it('neither counts nor announces what was read elsewhere', () => {
    const scene = device().send({ kind: 'received', message: incoming('old', 1), isNew: false });
    expect([scene.unread('bob'), scene.workspace.announced]).toEqual([0, undefined]);
    expect(scene.workspace.conversations.get('bob')?.last?.id).toBe('old');
  });

  it('takes over the time of the server', () => {
    const scene = device().open('bob').compose('mine', 'fp');
    scene.send({ kind: 'settled', id: 'fp', peer: 'bob', outcome: { delivery: 'stored', at: 777 } });
    expect(scene.workspace.thread?.messages[0]).toMatchObject({ delivery: 'stored', at: 777 });
    expect(scene.effects).toContainEqual(
      expect.objectContaining({ kind: 'keep-message', id: 'fp', at: 777 }),
    );
  });

  it('lists conversations of the server, but not again those that were deleted', () => {
    const scene = device().send({ kind: 'conversations-found', newest: [incoming('a', 5)] });
    expect(listed(scene.workspace, 'en').map(({ peer, unread }) => [peer, unread])).toEqual([['bob', 0]]);
    scene.send({ kind: 'conversation-deleted', peer: 'bob' });
    scene.send({ kind: 'conversations-found', newest: [incoming('a', 5)] });
    expect(listed(scene.workspace, 'en')).toEqual([]);
    expect(newPeer({ ...scene.workspace, search: 'bob' })).toBe('bob');
    scene.send({ kind: 'conversations-found', newest: [incoming('b', 6)] });
    expect(listed(scene.workspace, 'en').map(({ peer }) => peer)).toEqual(['bob']);
  });

  it('asks for the devices, and shows them', () => {
    const scene = device().send({ kind: 'devices-wanted' });
    expect([scene.workspace.devices, scene.effects.at(-1)]).toEqual([
      { state: 'loading' },
      { kind: 'load-devices' },
    ]);
    scene.send({ kind: 'devices-found', devices: undefined });
    expect(scene.workspace.devices).toEqual({ state: 'failed' });
    const without = new Scene().send({ kind: 'devices-wanted' });
    expect(without.workspace.devices).toBeUndefined();
  });
});
