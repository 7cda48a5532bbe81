import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/effects.js';
import { ALICE, effect, kinds, loginAccepted, newSession } from '../fixtures/machine.js';
import { logSession, negotiatedSession, packet, relogin, writtenX } from './log-machine.js';

const answer = (number: number, items: readonly unknown[] = [], hasMore = false) =>
  packet({ type: 1104, number, items, hasMore });

const message = (id: number, from = 'bob') => {
  const to = from === 'bob' ? 'alice' : 'bob';
  return { i: id, t: 1000 + id, from, to, content: `m${id}`, typeu: -1, fp: `f${id}` };
};

const numbers = (effects: readonly Effect[]) => writtenX(effects).map(([, x]) => (x as { q?: number }).q);

describe('a request', () => {
  it('is written with its arguments, and its answer is read', () => {
    const { session } = negotiatedSession();
    const request = { operation: 'history', conversation: 'bob', before: 9, limit: 2 } as const;
    expect(writtenX(session.request(1, request, 0))).toEqual([
      [1004, { q: 1, op: 'history', c: 'bob', before: 9, limit: 2 }],
    ]);
    const effects = session.receive(answer(1, [message(8), message(7, 'alice')], true), 10);
    expect(effect(effects, 'request-done')).toMatchObject({
      ticket: 1,
      result: {
        messages: [
          {
            ...{ id: 8, conversation: 'bob', from: 'bob', to: 'alice', content: 'm8', type: -1 },
            ...{ isCut: false, fingerprint: 'f8', serverTime: 1008, isOwn: false },
          },
          { id: 7, isOwn: true },
        ],
        hasMore: true,
      },
    });
  });

  it.each([
    ['conversations', [{ c: 'bob', waiting: 3, last: message(8) }], { hasMore: false }],
    [
      'devices',
      [{ id: 'laptop', kind: 'web', name: 'Chrome', seen: 5, on: true, own: true }],
      [{ id: 'laptop', kind: 'web', name: 'Chrome', seenAt: 5, isOnline: true, isOwn: true }],
    ],
  ] as const)('%s is read', (operation, items, result) => {
    const { session } = negotiatedSession();
    session.request(1, { operation }, 0);
    expect(effect(session.receive(answer(1, items), 10), 'request-done').result).toMatchObject(result);
  });

  it('tells which messages the server has cut', () => {
    const { session } = negotiatedSession();
    const cut = { ...message(8), content: '', cut: true };
    session.request(1, { operation: 'history', conversation: 'bob' }, 0);
    session.request(2, { operation: 'conversations' }, 0);
    const history = session.receive(answer(1, [cut]), 10);
    const conversations = session.receive(answer(2, [{ c: 'bob', waiting: 0, last: cut }]), 10);
    expect(effect(history, 'request-done').result).toMatchObject({
      messages: [{ id: 8, content: '', isCut: true }],
    });
    expect(effect(conversations, 'request-done').result).toMatchObject({
      conversations: [{ last: { id: 8, content: '', isCut: true } }],
    });
  });

  it.each([
    ['true', ['phone'], true],
    ['false if there was none', [], false],
  ])('removeDevice resolves with %s', (_name, items, result) => {
    const { session } = negotiatedSession();
    expect(writtenX(session.request(1, { operation: 'removeDevice', id: 'phone' }, 0))).toEqual([
      [1004, { id: 'phone', q: 1, op: 'removeDevice' }],
    ]);
    expect(effect(session.receive(answer(1, items), 10), 'request-done').result).toBe(result);
  });

  it.each([
    ['history', { ...message(1), i: '1' }],
    ['history', 7],
    ['conversations', { c: 'bob', waiting: 1, last: {} }],
    ['devices', { id: 'laptop' }],
  ] as const)('%s fails if an item is invalid', (operation, item) => {
    const { session } = negotiatedSession();
    session.request(1, { operation, conversation: 'bob' }, 0);
    const effects = session.receive(answer(1, [item]), 10);
    expect(effect(effects, 'request-failed').error).toMatchObject({
      name: 'RequestError',
      code: 'ERR_INVALID_ANSWER',
    });
  });

  it('fails with the code of the server, which it explains', () => {
    const { session } = negotiatedSession();
    session.request(1, { operation: 'history', conversation: 'bob' }, 0);
    session.request(2, { operation: 'devices' }, 0);
    const first = session.receive(packet({ type: 1104, number: 1, code: 'ERR_USE_A_STREAM' }), 1);
    const second = session.receive(packet({ type: 1104, number: 2, code: 'ERR_LATER' }), 1);
    expect(effect(first, 'request-failed').error).toMatchObject({
      code: 'ERR_USE_A_STREAM',
      message: 'the server rejected history with ERR_USE_A_STREAM',
    });
    expect(effect(second, 'request-failed').error).toMatchObject({
      code: 'ERR_LATER',
      message: 'the server rejected devices with ERR_LATER',
    });
  });

  it('is written again to the next link with the same number, and waits for one', () => {
    const { session } = negotiatedSession();
    session.request(1, { operation: 'devices' }, 0);
    session.linkClosed(undefined, 1);
    expect(kinds(session.request(2, { operation: 'devices' }, 2))).toEqual([]);
    session.tick(2000);
    expect(numbers(relogin(session, 3000, {}))).toEqual([1, 2]);
    expect(effect(session.receive(answer(1), 3001), 'request-done').ticket).toBe(1);
    expect(session.receive(answer(1), 3002)).toEqual([]);
  });

  it('fails after requestTimeoutMs', () => {
    const { session } = negotiatedSession({ requestTimeoutMs: 1000 });
    session.request(1, { operation: 'devices' }, 0);
    expect(session.nextDeadline).toBe(1000);
    expect(effect(session.tick(1000), 'request-failed').error.code).toBe('ERR_NOT_ANSWERED');
    expect(session.receive(answer(1), 1001)).toEqual([]);
  });

  it('is repeated on UDP, and not on a stream', () => {
    const udp = negotiatedSession({ transportKind: 'udp', repeatRequestAfterMs: 500 }).session;
    const tcp = negotiatedSession({ repeatRequestAfterMs: 500 }).session;
    for (const session of [udp, tcp]) session.request(1, { operation: 'devices' }, 0);
    expect(numbers(udp.tick(500)).filter((number) => number !== undefined)).toEqual([1]);
    expect(numbers(tcp.tick(500))).toEqual([]);
  });

  it('waits while the server works at four others', () => {
    const { session } = negotiatedSession();
    const written = [1, 2, 3, 4, 5, 6].flatMap((ticket) =>
      numbers(session.request(ticket, { operation: 'devices' }, 0)),
    );
    expect(written).toEqual([1, 2, 3, 4]);
    expect(numbers(session.receive(answer(3), 1))).toEqual([5]);
    expect(numbers(session.receive(answer(1), 2))).toEqual([6]);
  });

  it('fails at once beyond 64 that wait', () => {
    const { session } = negotiatedSession();
    for (let ticket = 1; ticket <= 64; ticket++) session.request(ticket, { operation: 'devices' }, 0);
    const effects = session.request(65, { operation: 'devices' }, 0);
    expect(effect(effects, 'request-failed').error.code).toBe('ERR_TOO_MANY_REQUESTS');
  });

  it('fails at level v6, at once or with the login', () => {
    const session = logSession();
    session.login(ALICE, 0);
    session.restored([], [], 0);
    expect(session.request(1, { operation: 'devices' }, 0)).toEqual([]);
    session.linkOpened(0);
    const effects = session.receive(loginAccepted(1), 0);
    expect(effect(effects, 'request-failed')).toMatchObject({
      ticket: 1,
      error: { code: 'ERR_NOT_NEGOTIATED' },
    });
    const later = session.request(2, { operation: 'devices' }, 1);
    expect(effect(later, 'request-failed').error.code).toBe('ERR_NOT_NEGOTIATED');
  });

  it('fails without an outbox', () => {
    const session = newSession();
    session.login(ALICE, 0);
    const effects = session.request(1, { operation: 'devices' }, 0);
    expect(effect(effects, 'request-failed').error).toMatchObject({
      code: 'ERR_NOT_NEGOTIATED',
      message: expect.stringContaining('the option "outbox"'),
    });
  });

  it('fails without a login, and when the login ends', () => {
    const { session } = negotiatedSession();
    session.request(1, { operation: 'devices' }, 0);
    const ended = session.logout('logout');
    expect(effect(ended, 'request-failed')).toMatchObject({ ticket: 1, error: { code: 'ERR_CLOSED' } });
    const effects = session.request(2, { operation: 'devices' }, 1);
    expect(effect(effects, 'request-failed').error.code).toBe('ERR_CLOSED');
  });

  it('fails when the server rejects the next login for good', () => {
    const { session } = negotiatedSession();
    session.request(1, { operation: 'devices' }, 0);
    session.linkClosed(undefined, 1);
    session.tick(2000);
    session.linkOpened(2000);
    const effects = session.receive('{"type":50,"dataContent":"{\\"code\\":1025}"}', 2001);
    expect(session.state).toBe('idle');
    expect(effect(effects, 'request-failed').error.code).toBe('ERR_CLOSED');
  });
});
