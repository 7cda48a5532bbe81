import { describe, expect, it } from 'vitest';
import type { Effect } from '../../src/effects.js';
import { SendTurns } from '../../src/node/send-turns.js';
import type { Session } from '../../src/session.js';
import type { SessionSettings } from '../../src/session-settings.js';
import { ALICE, contents, effect, kinds, loginAccepted, outgoing, written } from '../fixtures/machine.js';
import {
  entry,
  handleAll,
  loginAnswer,
  logSession,
  negotiatedSession,
  offeringSession,
  packet,
  relogin,
  saveAll,
  stored,
  writtenX,
} from './log-machine.js';

const UDP: Partial<SessionSettings> = { transportKind: 'udp', turns: () => new SendTurns() };

const messages = (effects: readonly Effect[]) =>
  effects.flatMap((each) => (each.kind === 'message' ? [each.message.content] : []));

/** Receives entries, handles and stores them. Returns all effects. */
function takeAll(session: Session, from: number, to: number, now: number): Effect[] {
  const all: Effect[] = [];
  for (let position = from; position <= to; position++) {
    const received = session.receive(entry(position), now);
    const handled = handleAll(session, received, now);
    all.push(...received, ...handled, ...saveAll(session, handled, now));
  }
  return all;
}

/** Receives entries. Returns all effects. */
function takeUnsaved(session: Session, from: number, to: number): Effect[] {
  const all: Effect[] = [];
  for (let position = from; position <= to; position++) all.push(...session.receive(entry(position), 0));
  return all;
}

describe('a login with a device', () => {
  it('offers the log, the device, its position and what the transport reads', () => {
    const session = logSession({ maxReceiveBytes: 6144, device: { kind: 'web', name: 'Chrome' } });
    session.login(ALICE, 0);
    session.restored([], [], 0, { id: 'laptop', position: { epoch: 'e', position: 7 } });
    const [login] = written(session.linkOpened(0));
    expect(JSON.parse(login?.dataContent ?? '').x).toEqual({
      v: 1,
      caps: ['log', 'g8000'],
      dev: { id: 'laptop', kind: 'web', name: 'Chrome' },
      pos: { e: 'e', s: 7 },
      max: 6144,
    });
  });

  it('is one of a v6 client while the storage has no device', () => {
    const session = logSession();
    session.login(ALICE, 0);
    session.restored([], [], 0);
    expect(written(session.linkOpened(0))[0]?.dataContent).not.toContain('"x"');
    session.receive(loginAccepted(1), 0);
    expect(session.level).toBe('v6');
  });

  it('leaves out what makes it too long for the transport, and reports that', () => {
    const session = logSession({ maxSendBytes: 200 });
    session.login(ALICE, 0);
    session.restored([], [], 0, { id: 'laptop', position: undefined });
    const effects = session.linkOpened(0);
    expect(effect(effects, 'error').error).toMatchObject({ code: 'ERR_INVALID_ARGUMENT' });
    expect(written(effects)[0]?.dataContent).not.toContain('"x"');
  });

  it('has level 1 if the server answers the offer, and v6 again after a login that it does not answer', () => {
    const { session, effects } = negotiatedSession();
    expect(kinds(effects)).toEqual(['level', 'save-position', 'state', 'logged-in']);
    expect(session.level).toBe(1);
    session.linkClosed(undefined, 0);
    expect(session.level).toBe(1);
    session.tick(60_000);
    session.linkOpened(60_000);
    expect(effect(session.receive(loginAccepted(1), 60_000), 'level').level).toBe('v6');
    expect(session.level).toBe('v6');
  });

  it('has level v6 and reports an error if the answer is invalid', () => {
    const session = offeringSession();
    const x = '"x":{"v":1,"caps":["log"],"pos":{"e":"e","s":5,"first":1,"last":4},"win":64}';
    const content = JSON.stringify(`{"code":0,"firstLoginTime":1,${x}}`);
    const effects = session.receive(`{"type":50,"dataContent":${content}}`, 0);
    expect(effect(effects, 'error').error.message).toContain('x.pos.s');
    expect([session.state, session.level]).toEqual(['online', 'v6']);
  });

  it('ignores a second answer on its link', () => {
    const { session } = negotiatedSession();
    takeAll(session, 1, 16, 0);
    expect(session.receive(loginAnswer({ position: 3, last: 16 }), 1)).toEqual([]);
    expect(messages(session.receive(entry(17), 1))).toEqual(['m17']);
  });

  it('does not take entries before the answer', () => {
    const session = offeringSession();
    expect(session.receive(entry(1), 0)).toEqual([]);
    session.receive(loginAnswer({ last: 1 }), 0);
    expect(messages(session.receive(entry(1), 0))).toEqual(['m1']);
  });
});

describe('messages with a position', () => {
  it('have what the log says about them', () => {
    const { session } = negotiatedSession();
    const { message } = effect(session.receive(entry(1), 0), 'message');
    expect(message).toEqual({
      ...{ from: 'bob', to: 'alice', content: 'm1', type: -1, fingerprint: 'fp-1' },
      ...{ id: 1, conversation: 'bob', serverTime: 1001, position: 1, isOwn: false },
    });
  });

  it('are not acknowledged one by one, but with their position: after 16 at once', () => {
    const { session } = negotiatedSession();
    expect(writtenX(takeAll(session, 1, 15, 0))).toEqual([]);
    expect(writtenX(takeAll(session, 16, 16, 0))).toEqual([[1000, { s: 16 }]]);
  });

  it('are acknowledged 200 ms later at the latest', () => {
    const { session } = negotiatedSession();
    takeAll(session, 1, 3, 0);
    expect(session.nextDeadline).toBe(200);
    const due = session.tick(200);
    expect(kinds(due)).toEqual(['save-position']);
    expect(writtenX(saveAll(session, due, 201))).toEqual([[1000, { s: 3 }]]);
  });

  it('are acknowledged only when they are handled, in any order', () => {
    const { session } = negotiatedSession();
    const held = [1, 2].map((position) => effect(session.receive(entry(position), 0), 'message').hold);
    session.handled(held[1] ?? '', 0);
    expect(session.tick(1000)).toEqual([]);
    session.handled(held[0] ?? '', 1000);
    expect(effect(session.tick(1200), 'save-position').position).toEqual({ epoch: 'e', position: 2 });
  });

  it('are acknowledged when the position is stored, also on a later link, whose login does not do so before', () => {
    const { session } = negotiatedSession();
    takeAll(session, 1, 3, 0);
    const due = session.tick(200);
    session.linkClosed(undefined, 201);
    session.tick(60_000);
    const [login] = written(session.linkOpened(60_000));
    expect(JSON.parse(login?.dataContent ?? '').x.pos).toEqual({ e: 'e', s: 0 });
    const answered = session.receive(loginAnswer({ position: 0, last: 3 }), 60_000);
    expect(writtenX([...answered, ...takeUnsaved(session, 1, 3)])).toEqual([]);
    expect(writtenX(saveAll(session, due, 60_001))).toEqual([[1000, { s: 3 }]]);
  });

  it('are acknowledged together while the storage is slow', () => {
    const { session } = negotiatedSession();
    const first: Effect[] = [];
    for (let position = 1; position <= 48; position++)
      first.push(...handleAll(session, session.receive(entry(position), 0), 0));
    expect(kinds(first)).toEqual(['save-position']);
    const next = saveAll(session, first, 500);
    expect(writtenX(next)).toEqual([[1000, { s: 16 }]]);
    expect(effect(next, 'save-position').position).toEqual({ epoch: 'e', position: 48 });
    expect(writtenX(saveAll(session, next, 501))).toEqual([[1000, { s: 48 }]]);
  });

  it('are asked for all the same when others are handled while the storage is slow', () => {
    const { session } = negotiatedSession();
    const first = handleAll(session, takeUnsaved(session, 1, 16), 0);
    expect(kinds(first)).toEqual(['save-position']);
    session.receive(entry(19), 1);
    handleAll(session, takeUnsaved(session, 17, 18), 2);
    session.tick(300);
    const next = saveAll(session, first, 400);
    expect(writtenX(saveAll(session, next, 401))).toEqual([[1001, { after: 18 }]]);
  });

  it('are acknowledged again without the storage when they come again', () => {
    const { session } = negotiatedSession();
    takeAll(session, 1, 16, 0);
    session.receive(entry(16), 500);
    const due = session.tick(700);
    expect(kinds(due)).toEqual(['write']);
    expect(writtenX(due)).toEqual([[1000, { s: 16 }]]);
  });

  it('are asked for when one is missing', () => {
    const { session } = negotiatedSession();
    takeAll(session, 1, 1, 0);
    const effects = session.receive(entry(3), 100);
    expect(writtenX([...effects, ...saveAll(session, effects, 100)])).toEqual([[1001, { after: 1 }]]);
    expect(messages(effects)).toEqual([]);
  });

  it('are asked for when a keep-alive response tells of them twice', () => {
    const { session } = negotiatedSession();
    const keptAlive = '{"type":51,"dataContent":"{}","from":"0","to":"alice","x":{"last":4}}';
    expect(session.receive(keptAlive, 1000)).toEqual([]);
    expect(writtenX(session.receive(keptAlive, 4000))).toEqual([[1001, { after: 0 }]]);
  });

  it('are reported as a gap when they will not come', () => {
    const { session } = negotiatedSession();
    const effects = session.receive(packet({ type: 1101, from: 1, to: 5, reason: 'expired' }), 0);
    expect(effect(effects, 'gap')).toEqual({ kind: 'gap', from: 1, to: 5, reason: 'expired' });
    expect(messages(session.receive(entry(6), 0))).toEqual(['m6']);
  });

  it('begin anew in another epoch', () => {
    const { session, effects } = negotiatedSession(
      {},
      {
        position: { epoch: 'old', position: 70 },
        start: { epoch: 'new', position: 3, last: 3, hole: { from: 1, to: 3 } },
      },
    );
    expect(effect(effects, 'gap')).toMatchObject({ from: 1, to: 3, reason: 'hole' });
    expect(effect(effects, 'save-position').position).toEqual({ epoch: 'new', position: 3 });
    expect(messages(session.receive(entry(4), 0))).toEqual(['m4']);
  });

  it('are emitted again after a failure when the next copy comes, with the same position', () => {
    const { session } = negotiatedSession();
    const { hold } = effect(session.receive(entry(1), 0), 'message');
    session.released(hold, 0);
    expect(handleAll(session, session.receive(entry(2), 0), 0)).toEqual([]);
    const again = session.receive(entry(1), 5000);
    expect(messages(again)).toEqual(['m1']);
    expect(messages(session.receive(entry(1), 5001))).toEqual([]);
    handleAll(session, again, 5002);
    expect(effect(session.tick(5300), 'save-position').position.position).toBe(2);
  });

  it('are emitted again after a failure with the next link, even if the server has no copy any more', () => {
    const { session } = negotiatedSession();
    session.released(effect(session.receive(entry(1), 0), 'message').hold, 0);
    session.linkClosed(undefined, 1);
    session.tick(60_000);
    const start = { position: 1, first: 2, last: 1, hole: { from: 1, to: 1 } };
    const effects = relogin(session, 60_000, start);
    expect(messages(effects)).toEqual(['m1']);
  });

  it('are emitted again after a failure when the server has no copy any more', () => {
    const { session } = negotiatedSession();
    session.released(effect(session.receive(entry(1), 0), 'message').hold, 0);
    const effects = session.receive(packet({ type: 1101, from: 1, to: 1, reason: 'expired' }), 5000);
    expect(messages(effects)).toEqual(['m1']);
  });

  it('of another epoch are not emitted again', () => {
    const { session } = negotiatedSession();
    session.released(effect(session.receive(entry(1), 0), 'message').hold, 0);
    session.linkClosed(undefined, 1);
    session.tick(60_000);
    const start = { epoch: 'new', position: 0, last: 1, hole: { from: 1, to: 0 } };
    expect(messages(relogin(session, 60_000, start))).toEqual([]);
    expect(messages(session.receive(entry(1), 60_000))).toEqual(['m1']);
    expect(messages(session.receive(entry(1), 60_001))).toEqual([]);
  });

  it('that were handled without a position before are not emitted again', () => {
    const { session } = negotiatedSession();
    const { x: _x, ...plain } = JSON.parse(entry(1));
    const { hold } = effect(session.receive(JSON.stringify(plain), 0), 'message');
    expect(written(session.handled(hold, 0))).toMatchObject([{ type: 4, dataContent: 'fp-1' }]);
    expect(messages(session.receive(entry(1), 0))).toEqual([]);
    expect(effect(session.tick(200), 'save-position').position.position).toBe(1);
  });

  it('that are changes of a message are acknowledged and not shown', () => {
    const { session } = negotiatedSession();
    expect(messages(session.receive(entry(1, { k: 'later' }), 0))).toEqual([]);
    expect(effect(session.tick(200), 'save-position').position.position).toBe(1);
  });

  it('with an invalid member are reported and not handled', () => {
    const { session } = negotiatedSession();
    const effects = session.receive(entry(1).replace('"s":1', '"s":"1"'), 0);
    expect(kinds(effects)).toEqual(['error']);
    expect(effect(effects, 'error').error.message).toContain('x.s');
  });

  it('are not acknowledged by what the application handles after another login', () => {
    const { session } = negotiatedSession();
    const { hold } = effect(session.receive(entry(1), 0), 'message');
    session.logout('logout');
    session.login({ ...ALICE, userId: 'carol' }, 1);
    expect(session.handled(hold, 2)).toEqual([]);
  });
});

describe('a logout', () => {
  it('stores the position before the storage is closed', () => {
    const { session } = negotiatedSession();
    takeAll(session, 1, 3, 0);
    const effects = session.logout('logout');
    const saved = kinds(effects).indexOf('save-position');
    expect(effect(effects, 'save-position').position).toEqual({ epoch: 'e', position: 3 });
    expect(saved).toBeLessThan(kinds(effects).indexOf('close-outbox'));
  });

  it('does not make the next login hand on again what is handled or being handled', () => {
    const { session } = negotiatedSession();
    const { hold } = effect(session.receive(entry(1), 0), 'message');
    session.logout('logout');
    session.login(ALICE, 1);
    session.handled(hold, 2);
    session.restored([], [], 3, { id: 'laptop', position: { epoch: 'e', position: 0 } });
    const [login] = written(session.linkOpened(3));
    expect(JSON.parse(login?.dataContent ?? '').x.pos).toEqual({ e: 'e', s: 0 });
    const effects = [...session.receive(loginAnswer({ last: 1 }), 4), ...session.receive(entry(1), 5)];
    expect(messages(effects)).toEqual([]);
  });

  it('leaves no write behind that the next login waits for', () => {
    const { session } = negotiatedSession();
    handleAll(session, takeUnsaved(session, 1, 16), 0);
    session.logout('logout');
    session.login(ALICE, 1);
    session.restored([], [], 1, { id: 'laptop', position: { epoch: 'e', position: 16 } });
    session.linkOpened(1);
    session.receive(loginAnswer({ position: 16, last: 16 }), 1);
    expect(writtenX(takeAll(session, 17, 32, 2))).toEqual([[1000, { s: 32 }]]);
  });

  it('stores nothing more, whatever is handled later', () => {
    const { session } = negotiatedSession();
    const received = takeUnsaved(session, 1, 20);
    session.logout('logout');
    const effects = [...handleAll(session, received, 1), ...session.tick(1000)];
    expect(kinds(effects)).toEqual([]);
  });

  it('believes a storage that another program has used meanwhile', () => {
    const { session } = negotiatedSession();
    session.logout('logout');
    session.login(ALICE, 1);
    session.restored([], [], 3, { id: 'laptop', position: { epoch: 'e', position: 9 } });
    const [login] = written(session.linkOpened(3));
    expect(JSON.parse(login?.dataContent ?? '').x.pos).toEqual({ e: 'e', s: 9 });
  });
});

describe('own messages', () => {
  it('are settled by what the server says of them', () => {
    const { session } = negotiatedSession();
    session.send(outgoing(1), 'wait', 0);
    expect(effect(session.receive(stored('fp-1', 1), 10), 'sent')).toMatchObject({
      outcome: 'stored',
      fingerprint: 'fp-1',
      attempts: 1,
      as: { messageId: 7, position: 1, serverTime: 1000 },
    });
    expect(messages(session.receive(entry(2), 20))).toEqual(['m2']);
  });

  it('are settled by their entry if that is lost, which is not emitted', () => {
    const { session } = negotiatedSession();
    session.send(outgoing(1), 'wait', 0);
    const effects = session.receive(entry(1, { from: 'alice', to: 'bob', fp: 'fp-1' }), 10);
    expect(effect(effects, 'sent').as).toMatchObject({ messageId: 1, position: 1, serverTime: 1001 });
    expect(messages(effects)).toEqual([]);
    expect(effect(session.tick(300), 'save-position').position.position).toBe(1);
  });

  it('are not settled by a message to somebody else with their fingerprint', () => {
    const { session } = negotiatedSession();
    session.send(outgoing(1), 'wait', 0);
    const effects = session.receive(entry(1, { from: 'alice', to: 'carol', fp: 'fp-1' }), 10);
    expect(messages(effects)).toEqual(['m1']);
    expect(session.pendingMessages).toBe(1);
  });

  it('of other devices are emitted, with the other user as the conversation', () => {
    const { session } = negotiatedSession();
    const { message } = effect(session.receive(entry(1, { from: 'alice', to: 'bob' }), 10), 'message');
    expect(message).toMatchObject({ isOwn: true, conversation: 'bob' });
  });

  it('are rejected at once with the code of the server', () => {
    const { session } = negotiatedSession();
    session.send(outgoing(1), 'wait', 0);
    const effects = session.receive(packet({ type: 1106, fingerprint: 'fp-1', code: 'ERR_QUEUE_FULL' }), 10);
    expect(effect(effects, 'undelivered').error).toMatchObject({
      code: 'ERR_REJECTED',
      serverCode: 'ERR_QUEUE_FULL',
    });
    expect(kinds(effects)).toContain('forget');
    expect(session.pendingMessages).toBe(0);
  });

  it('that are stored after they were rejected come as entries', () => {
    const { session } = negotiatedSession();
    session.send(outgoing(1), 'wait', 0);
    session.receive(packet({ type: 1106, fingerprint: 'fp-1', code: 'ERR_QUEUE_FULL' }), 10);
    session.receive(stored('fp-1', 1), 20);
    const asked = session.receive(entry(2), 30);
    expect(writtenX([...asked, ...saveAll(session, asked, 30)])).toEqual([[1001, { after: 0 }]]);
    const effects = session.receive(entry(1, { from: 'alice', to: 'bob', fp: 'fp-1' }), 40);
    expect(effect(effects, 'message').message).toMatchObject({ position: 1, isOwn: true });
  });

  it('are acknowledged by type 4 as well, for example by the server itself', () => {
    const { session } = negotiatedSession();
    session.send(outgoing(1, { to: '0' }), 'wait', 0);
    const frame = '{"type":4,"dataContent":"fp-1","from":"0","to":"alice"}';
    expect(effect(session.receive(frame, 10), 'sent')).toMatchObject({ outcome: 'received' });
  });
});

describe('messages over UDP at level 1', () => {
  const contentsOf = (session: Session, tickets: readonly number[], to?: string) =>
    tickets.flatMap((ticket) =>
      contents(session.send(outgoing(ticket, to === undefined ? {} : { to }), 'wait', 1)),
    );

  it('are under way one at a time to each receiver, so that they keep their order', () => {
    const { session } = negotiatedSession(UDP);
    expect(contentsOf(session, [1, 2, 3])).toEqual(['m1']);
    expect(contentsOf(session, [4], 'carol')).toEqual(['m4']);
    expect(contents(session.receive(stored('fp-1', 1), 10))).toEqual(['m2']);
    const rejected = packet({ type: 1106, fingerprint: 'fp-2', code: 'ERR_STORE_FULL' });
    expect(contents(session.receive(rejected, 20))).toEqual(['m3']);
  });

  it('continue with the next one when one is aborted or given up', () => {
    const { session } = negotiatedSession({
      ...UDP,
      retry: { waitMs: 100, retries: 0 },
      // Nothing answers keep-alives.
      keepAlive: { keepAliveIntervalMs: 60_000, clientTimeoutMs: 60_000 },
    });
    contentsOf(session, [1, 2, 3, 4]);
    expect(contents(session.abort(1, 2))).toEqual(['m2']);
    expect(contents(session.abort(3, 2))).toEqual([]);
    expect(contents(session.tick(200))).toEqual(['m4']);
  });

  it('begin anew, in order, with the next link', () => {
    const { session } = negotiatedSession(UDP);
    contentsOf(session, [1, 2]);
    session.linkClosed(undefined, 2);
    contentsOf(session, [3]);
    session.tick(2000);
    expect(contents(relogin(session, 2000, {}))).toEqual(['m1']);
    expect(contents(session.receive(stored('fp-1', 1), 2010))).toEqual(['m2']);
    session.linkClosed(undefined, 2020);
    session.tick(10_000);
    session.linkOpened(10_000);
    expect(contents(session.receive(loginAccepted(1), 10_000))).toEqual(['m2', 'm3']);
  });

  it('do not wait without QoS', () => {
    const { session } = negotiatedSession(UDP);
    contentsOf(session, [1]);
    expect(contents(session.send(outgoing(2, { qos: false }), 'wait', 1))).toEqual(['m2']);
  });

  it('are all under way over a stream', () => {
    const { session } = negotiatedSession();
    expect(contentsOf(session, [1, 2, 3])).toEqual(['m1', 'm2', 'm3']);
  });
});

describe('a session with a key', () => {
  const KEY = 'Zk3vQ0x-9aB';

  it('has it in each datagram but logins', () => {
    const session = offeringSession(UDP);
    session.send(outgoing(1), 'wait', 0);
    const answer = loginAnswer({ window: 16 }, KEY).replace('"QoS":false', '"fp":"proof","QoS":true');
    const answered = session.receive(answer, 0);
    const effects = [
      ...answered,
      ...saveAll(session, answered, 0),
      ...session.send(outgoing(2, { to: 'carol' }), 'wait', 1),
      ...session.retryNow(2),
      ...session.receive(entry(1), 3),
      ...session.receive('{"type":53,"from":"0","to":"alice","fp":"e","QoS":true}', 4),
      ...session.logout('logout'),
    ];
    expect(writtenX(effects)).toEqual([
      [4, { a: KEY }],
      [2, { a: KEY }],
      [1000, { s: 0, a: KEY }],
      [2, { a: KEY }],
      [1, { a: KEY }],
      [4, { a: KEY }],
      [3, { a: KEY }],
    ]);
    expect(contents(effects)).toEqual(['m1', 'm2']);
  });

  it('that has no log does not use it', () => {
    const session = offeringSession(UDP);
    const content = JSON.stringify(`{"code":0,"firstLoginTime":1,"x":{"v":1,"caps":[],"key":"${KEY}"}}`);
    session.receive(`{"type":50,"dataContent":${content}}`, 0);
    expect(session.level).toBe('v6');
    expect(writtenX(session.retryNow(1))).toEqual([[1, undefined]]);
  });

  it('forgets it with the link', () => {
    const { session } = negotiatedSession({ transportKind: 'udp' }, { key: KEY });
    session.linkClosed(undefined, 0);
    session.tick(60_000);
    expect(writtenX(session.linkOpened(60_000))).toEqual([[0, undefined]]);
    session.receive(loginAccepted(1), 60_000);
    expect(writtenX(session.retryNow(60_001))).toEqual([[1, undefined]]);
  });
});
