import { describe, expect, it } from 'vitest';
import { type Desk, listed, newDesk, newPeer } from '../../page/model/desk.js';
import { updateDesk } from '../../page/model/desk-update.js';
import type { AppEffect } from '../../page/model/effects.js';
import type { DeskEvent } from '../../page/model/events.js';
import { deliveryMark } from '../../page/model/message.js';

const account = { userId: 'alice', server: 'ws://im.example.com/websocket', token: undefined };

/** A desk, and what its events have asked for. */
class Scene {
  desk: Desk;
  effects: AppEffect[] = [];
  #order = 0;

  constructor(isWatched = true) {
    const online = { state: 'online', since: 0, roundTripMs: undefined } as const;
    this.desk = newDesk(account, online, isWatched);
    this.send({ kind: 'history-opened', conversations: [] });
  }

  send(...events: DeskEvent[]): this {
    for (const event of events) {
      const { state, effects } = updateDesk(this.desk, event);
      this.desk = state;
      this.effects.push(...effects);
    }
    return this;
  }

  open(peer: string): this {
    return this.send({ kind: 'opened', peer, order: this.#next() });
  }

  say(text: string, id = text): this {
    return this.send({ kind: 'said', text, id, at: this.#order, order: this.#next() });
  }

  receive(peer: string, text: string): this {
    const order = this.#next();
    const message = { kind: 'incoming', id: `in/${peer}/${text}`, peer, text, at: order, order } as const;
    return this.send({ kind: 'received', message });
  }

  unread(peer: string): number | undefined {
    return this.desk.conversations.get(peer)?.unread;
  }

  kinds(): string[] {
    return this.effects.map(({ kind }) => kind);
  }

  #next(): number {
    this.#order += 1;
    return this.#order;
  }
}

describe('a message of one’s own', () => {
  it('is posted at once and shown as pending', () => {
    const scene = new Scene().open('bob').say('hello');
    const [message] = scene.desk.thread?.messages ?? [];
    expect(message).toMatchObject({ kind: 'outgoing', text: 'hello', delivery: 'pending' });
    expect(scene.effects).toContainEqual({ kind: 'post', message });
    expect(scene.desk.conversations.get('bob')?.last).toMatchObject({ text: 'hello' });
  });

  it('is not made of nothing', () => {
    const scene = new Scene().open('bob').say(' \n ');
    expect(scene.desk.thread?.messages).toEqual([]);
    expect(scene.kinds()).not.toContain('post');
  });

  it('waits without a link and counts as sent with one, until it is acknowledged', () => {
    const scene = new Scene().open('bob').say('hello');
    const [message] = scene.desk.thread?.messages ?? [];
    if (message?.kind !== 'outgoing') throw new Error('no message');
    expect([deliveryMark(message, false), deliveryMark(message, true)]).toEqual(['waiting', 'sent']);
    expect(deliveryMark({ ...message, delivery: 'received' }, false)).toBe('received');
  });

  it('is marked in the thread and in the list when its outcome is known, and that is kept', () => {
    const scene = new Scene().open('bob').say('hello', 'fp-1');
    scene.send({ kind: 'settled', id: 'fp-1', peer: 'bob', outcome: { delivery: 'received' } });
    expect(scene.desk.thread?.messages[0]).toMatchObject({ delivery: 'received' });
    expect(scene.desk.conversations.get('bob')?.last).toMatchObject({ delivery: 'received' });
    expect(scene.effects).toContainEqual({
      kind: 'keep-message',
      id: 'fp-1',
      delivery: 'received',
      failure: undefined,
    });
  });

  it('keeps what has become of it while the history was read, which did not know yet', () => {
    const base = { id: 'fp-1', peer: 'bob', text: 'hello', at: 1, order: 1 };
    const page = [{ ...base, kind: 'outgoing', delivery: 'pending' } as const];
    const scene = new Scene().open('bob');
    scene.send(
      { kind: 'settled', id: 'fp-1', peer: 'bob', outcome: { delivery: 'received' } },
      { kind: 'page-loaded', peer: 'bob', messages: page, isLast: true },
    );
    expect(scene.desk.thread?.messages).toMatchObject([{ id: 'fp-1', delivery: 'received' }]);
  });

  it('is posted again with the same fingerprint when it had failed, and only then', () => {
    const scene = new Scene().open('bob').say('hello', 'fp-1');
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

  it('takes the place of the draft', () => {
    const scene = new Scene().open('bob');
    scene.send({ kind: 'drafted', peer: 'bob', text: 'hel' }).say('hello');
    expect(scene.desk.conversations.get('bob')?.draft).toBe('');
  });
});

describe('a message that comes in', () => {
  it('is unread in a conversation that is not open, and begins one where there is none', () => {
    const scene = new Scene().receive('bob', 'one').receive('bob', 'two');
    expect(scene.unread('bob')).toBe(2);
    expect(scene.desk.announced).toMatchObject({ peer: 'bob', text: 'two' });
  });

  it('is read where its conversation is open and its end in sight', () => {
    const scene = new Scene().open('bob').receive('bob', 'one');
    expect(scene.unread('bob')).toBe(0);
  });

  it('is unread while one reads further up, and read when one comes back to the end', () => {
    const scene = new Scene().open('bob').send({ kind: 'scrolled', isAtEnd: false }).receive('bob', 'one');
    expect(scene.unread('bob')).toBe(1);
    expect(scene.send({ kind: 'scrolled', isAtEnd: true }).unread('bob')).toBe(0);
  });

  it('is unread while nobody looks at the page, and read when somebody does', () => {
    const scene = new Scene().open('bob').send({ kind: 'watched', isWatched: false }).receive('bob', 'one');
    expect(scene.unread('bob')).toBe(1);
    expect(scene.send({ kind: 'watched', isWatched: true }).unread('bob')).toBe(0);
  });

  it('appears once, though the page of the history that is read has it too', () => {
    const scene = new Scene().open('bob').receive('bob', 'one');
    const messages = scene.desk.thread?.messages ?? [];
    scene.send({ kind: 'page-loaded', peer: 'bob', messages, isLast: true });
    expect(scene.desk.thread?.messages.length).toBe(1);
  });
});

describe('a conversation', () => {
  it('shows what was unread when it was opened behind a line', () => {
    const scene = new Scene().receive('bob', 'one').receive('bob', 'two').receive('bob', 'three');
    const messages = ['one', 'two', 'three'].map((text, index) => ({
      ...{ kind: 'incoming' as const, id: `in/bob/${text}`, peer: 'bob', text },
      ...{ at: index, order: index + 1 },
    }));
    scene.open('bob').send({ kind: 'page-loaded', peer: 'bob', messages, isLast: true });
    expect(scene.desk.thread).toMatchObject({ firstUnreadId: 'in/bob/one', unreadAtOpening: 3 });
    expect(scene.unread('bob')).toBe(0);
  });

  it('asks for older messages once at a time, before the oldest that is there', () => {
    const scene = new Scene().open('bob').receive('bob', 'one');
    scene.effects = [];
    scene.send({ kind: 'older-wanted' });
    expect(scene.effects).toEqual([]);
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [], isLast: false });
    scene.send({ kind: 'older-wanted' }, { kind: 'older-wanted' });
    expect(scene.effects).toEqual([{ kind: 'load-page', peer: 'bob', before: 2 }]);
  });

  it('takes no page that was read for another one', () => {
    const scene = new Scene().open('bob').open('carol');
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [], isLast: true });
    expect(scene.desk.thread).toMatchObject({ peer: 'carol', history: 'loading' });
  });

  it('lets the oldest messages go when there are hundreds, and can have them back', () => {
    const scene = new Scene().open('bob');
    scene.send({ kind: 'page-loaded', peer: 'bob', messages: [], isLast: true });
    for (let i = 0; i <= 600; i++) scene.receive('bob', `line ${i}`);
    expect(scene.desk.thread?.messages.length).toBe(300);
    expect(scene.desk.thread?.messages.at(-1)?.text).toBe('line 600');
    expect(scene.desk.thread?.history).toBe('more');
  });

  it('is gone with its messages when it is deleted', () => {
    const scene = new Scene().open('bob').send({ kind: 'conversation-deleted', peer: 'bob' });
    expect(scene.desk.thread).toBeUndefined();
    expect(scene.desk.conversations.size).toBe(0);
    expect(scene.kinds().slice(-2)).toEqual(['delete-conversation', 'show-peer']);
  });

  it('cannot be opened before the history is there', () => {
    const online = { state: 'online', since: 0, roundTripMs: undefined } as const;
    const desk = newDesk(account, online, true);
    expect(updateDesk(desk, { kind: 'opened', peer: 'bob', order: 1 })).toEqual({ state: desk, effects: [] });
  });
});

describe('the list', () => {
  it('has the newest first, and contacts by name', () => {
    const scene = new Scene().open('bob').open('Äda').open('carol').receive('bob', 'newest');
    const names = (locale: string) => listed(scene.desk, locale).map(({ peer }) => peer);
    expect(names('en')).toEqual(['bob', 'carol', 'Äda']);
    scene.send({ kind: 'contact-toggled', peer: 'carol' }, { kind: 'list-chosen', list: 'contacts' });
    expect(names('en')).toEqual(['Äda', 'bob']);
  });

  it('finds by a part of the name, and offers to begin with whom it does not have', () => {
    const scene = new Scene().open('bob').open('Bobby').send({ kind: 'searched', text: ' bob ' });
    expect(listed(scene.desk, 'en').map(({ peer }) => peer)).toEqual(['Bobby', 'bob']);
    expect(newPeer(scene.desk)).toBeUndefined();
    expect(newPeer(scene.send({ kind: 'searched', text: 'bo' }).desk)).toBe('bo');
    expect(newPeer(scene.send({ kind: 'searched', text: '0' }).desk)).toBeUndefined();
  });
});

describe('a search', () => {
  it('is over when its conversation is opened, or was open before', () => {
    const scene = new Scene().open('bob').send({ kind: 'searched', text: 'bob' }).open('bob');
    expect(scene.desk.search).toBe('');
    expect(scene.send({ kind: 'searched', text: 'carol' }).open('carol').desk.search).toBe('');
  });
});

describe('the connection', () => {
  it('waits with a countdown, comes back, and is measured only while it is there', () => {
    const scene = new Scene().send({ kind: 'waiting', retryAt: 5000, problem: undefined });
    expect(scene.desk.connection).toMatchObject({ state: 'waiting', retryAt: 5000, isFirst: false });
    scene.send({ kind: 'measured', roundTripMs: 3 });
    expect(scene.desk.connection.state).toBe('waiting');
    scene.send({ kind: 'connecting' }, { kind: 'online', at: 9 }, { kind: 'measured', roundTripMs: 3 });
    expect(scene.desk.connection).toEqual({ state: 'online', since: 9, roundTripMs: 3 });
  });

  it('is over after a kick-out until the user takes it back', () => {
    const kicked = { kind: 'kicked', code: 1, reason: undefined, at: 7, isOwnBrowser: true } as const;
    const scene = new Scene().send(kicked);
    expect(scene.desk.connection).toMatchObject({ state: 'kicked', isOwnBrowser: true });
    scene.send({ kind: 'taken-over' });
    expect(scene.effects.at(-1)).toEqual({ kind: 'log-in', account, patience: 'endless' });
  });

  it('blames another tab for a second login only', () => {
    const scene = new Scene().send({
      ...{ kind: 'kicked', code: 2, reason: 'maintenance', at: 7 },
      isOwnBrowser: true,
    });
    expect(scene.desk.connection).toMatchObject({ isOwnBrowser: false, reason: 'maintenance' });
  });
});
